"""Who is flagged: planted riggers, one-sided, hasty, and a crowd of one person; and few others."""

import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from tests.arena.served import TestVoter, serving, written

from headtohead.arena.integrity import flagged_voters

MODELS = ("ant", "bee", "cat", "dog")
STRENGTH = {"ant": 0.6, "bee": 0.3, "cat": 0.0, "dog": -0.3}


def honest(rng: np.random.Generator, voters: int, each: int) -> list[dict[str, Any]]:
    votes = []
    for voter in range(voters):
        for _ in range(each):
            a, b = rng.choice(MODELS, 2, replace=False).tolist()
            wins = rng.random() < 1 / (1 + np.exp(STRENGTH[b] - STRENGTH[a]))
            tie = rng.random() < 0.15
            votes.append(vote(f"v{voter}", a, b, "tie" if tie else f"model_{'ab'[not wins]}"))
    return votes


def vote(voter: str, a: str, b: str, winner: str, seconds: float = 30.0) -> dict[str, Any]:
    day = 1_795_900_000_000
    return dict(voter=voter, model_a=a, model_b=b, winner=winner, voted_ms=day, seconds=seconds)


def rigged(rng: np.random.Generator, voters: list[str]) -> list[dict[str, Any]]:
    votes = []
    for voter in voters:
        other = str(rng.choice(MODELS[:3]))
        first = rng.random() < 0.5
        pair = ("dog", other) if first else (other, "dog")
        votes.append(vote(voter, *pair, f"model_{'ab'[not first]}"))
    return votes


def test_one_who_always_votes_for_a_model_is_flagged() -> None:
    rng = np.random.default_rng(1)
    found = flagged_voters(honest(rng, 20, 15) + rigged(rng, ["fan"] * 30))
    fan = next(x for x in found if x.voters == ("fan",))
    assert "favour dog more than others do" in fan.why
    assert fan.votes == 30


def test_many_names_that_favour_a_model_together_are_flagged_together() -> None:
    rng = np.random.default_rng(2)
    crowd = [f"sock{n // 2}" for n in range(40)]
    found = flagged_voters(honest(rng, 20, 15) + rigged(rng, crowd))
    together = next(x for x in found if len(x.voters) > 1)
    assert set(together.voters) == set(crowd)
    assert "20 voters of 2026-11-28 with fewer than 5 votes each" in together.why


def test_one_sided_and_hasty_voters_are_flagged() -> None:
    rng = np.random.default_rng(3)
    votes = honest(rng, 20, 15)
    for _ in range(40):
        a, b = rng.choice(MODELS, 2, replace=False).tolist()
        votes.append(vote("left", a, b, "model_a"))
    for _ in range(6):
        a, b = rng.choice(MODELS, 2, replace=False).tolist()
        votes.append(vote("bot", a, b, "tie", seconds=0.4))
    said = {x.voters: x.why for x in flagged_voters(votes)}
    assert said["left",].startswith("40 of their 40 choices are for the answer on the left")
    assert said["bot",] == "Half of their votes came within 0.4 seconds."


def test_honest_voters_are_rarely_flagged() -> None:
    flagged = sum(
        bool(flagged_voters(honest(np.random.default_rng(seed), 12, 10))) for seed in range(10)
    )
    assert flagged <= 2  # at most 5% of arenas by design


@pytest.mark.parametrize("votes", [[], [vote("v", "ant", "bee", "model_a")]])
def test_too_few_votes_flag_nobody(votes: list[dict[str, Any]]) -> None:
    assert flagged_voters(votes) == ()


def test_a_board_can_leave_out_who_stands_out(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served:
        for n in range(4):
            with TestVoter(served.address) as voter:
                for k in range(9):
                    said = ("right", "left", "tie")[k % 3] if n else "left"
                    voter.vote(voter.draw(), said)

        def shown() -> str:
            return httpx2.get(f"{served.address}/board?trusted=1", timeout=60).text

        assert "Every voter stands out, and without them there is no vote." in shown()
        with sqlite3.connect(served.arena.settings.database) as raw:  # as people would read
            raw.execute("DROP TRIGGER votes_are_not_changed")
            raw.execute(
                "UPDATE votes SET seconds = 30 WHERE battle IN (SELECT id FROM battles WHERE "
                "voter <> (SELECT voter FROM battles ORDER BY drawn_ms LIMIT 1))"
            )
        raw.close()
        page = httpx2.get(f"{served.address}/board", timeout=60).text
        assert "1 of the voters stands out, and their votes count." in page
        assert "9 of their 9 choices are for the answer on the left" in page
        while "27 votes" not in (page := shown()):
            assert "Every voter stands out" in page  # as it was a moment ago
        assert "1 of the voters stands out, and their votes are left out." in page
