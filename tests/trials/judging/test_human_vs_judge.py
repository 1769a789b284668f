"""26,919 real votes: the corrected interval holds what people say where the judge's own does not.

Of each pair of models with at least 150 votes a few human votes are drawn and the rest is left to
the judge, time and again; the truth is the mean of all human votes on that pair.
"""

import gzip
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.simulations import leading

from headtohead.stats.inputs import FloatArray, IntArray
from headtohead.trials.judging.bias import agreement, self_preference
from headtohead.trials.judging.means import clustered_mean, share
from headtohead.trials.judging.powered_mean import ppi_mean

_SIDES = {
    "model_a": 1.0,
    "model_b": -1.0,
    "tie": 0.0,
    "tie (bothbad)": 0.0,
    "both_bad": 0.0,
    "BothBad": 0.0,
}
_GPT4, _OPUS, _GPT35 = "gpt-4-0125-preview", "claude-3-opus-20240229", "gpt-3.5-turbo"
_DRAWS = 4


@dataclass(frozen=True)
class JudgeVotes:
    """Preference for the side shown first, of people and of each judge, shape (n,) each."""

    first: list[str]
    second: list[str]
    human: FloatArray
    judges: dict[str, FloatArray]

    def pairs(self, least: int) -> list[tuple[IntArray, FloatArray]]:
        """Votes of each pair of models, and 1 where the lower name was shown first, else -1."""
        found: dict[tuple[str, str], list[int]] = {}
        for i, (a, b) in enumerate(zip(self.first, self.second, strict=True)):
            found.setdefault((min(a, b), max(a, b)), []).append(i)
        return [
            (np.array(at), np.array([1.0 if self.first[i] == names[0] else -1.0 for i in at]))
            for names, at in sorted(found.items())
            if len(at) >= least
        ]

    def family(self, start: str) -> tuple[list[bool], list[bool]]:
        """Whether the first and the second answer is of a family."""
        return [a.startswith(start) for a in self.first], [b.startswith(start) for b in self.second]


@pytest.fixture(scope="module")
def votes(shared_evidence: Path) -> JudgeVotes:
    def rows(name: str) -> list[dict[str, str]]:
        path = shared_evidence / "human_vs_judge_votes" / f"{name}.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return sorted((json.loads(line) for line in lines), key=lambda row: row["num"])

    human = rows("human")
    judges = {}
    for name in (_GPT4, _OPUS, _GPT35):
        verdicts = rows(name)
        for a, b in zip(human, verdicts, strict=True):
            assert (a["question_id"], a["model_a"], a["model_b"]) == (
                b["question_id"],
                b["model_a"],
                b["model_b"],
            )
        judges[name] = np.array([_SIDES[row["winner"]] for row in verdicts])
    return JudgeVotes(
        [row["model_a"] for row in human],
        [row["model_b"] for row in human],
        np.array([_SIDES[row["winner"]] for row in human]),
        judges,
    )


@pytest.mark.parametrize("n", leading([20, 50], 1))
@pytest.mark.parametrize(
    ("judge", "most"),
    [(_GPT4, 0.65), (_OPUS, 0.68), (_GPT35, 0.4)],
)
def test_the_corrected_interval_covers_where_the_judges_does_not(
    votes: JudgeVotes, judge: str, most: float, n: int
) -> None:
    rng = np.random.default_rng(n)
    pairs = votes.pairs(150)
    assert len(pairs) == 83
    hits = np.zeros(3)
    for at, turn in pairs:
        human, verdicts = votes.human[at] * turn, votes.judges[judge][at] * turn
        truth = human.mean()
        for _ in range(_DRAWS):
            order = rng.permutation(at.size)
            seen, rest = order[:n], order[n:]
            # The truth is of just these votes, so nothing beyond them is uncertain.
            found = ppi_mean(
                verdicts[seen], human[seen], verdicts[rest], bounds=(-1, 1), finite=True
            )
            parts = (found.estimate, found.human, found.judge)
            hits += [part.low <= truth <= part.high for part in parts]
    corrected, people, alone = hits / (len(pairs) * _DRAWS)
    assert 0.925 <= corrected <= 0.99
    assert 0.925 <= people <= 0.99
    assert alone < most


def test_it_covers_for_traffic_of_which_these_votes_are_a_sample(votes: JudgeVotes) -> None:
    rng = np.random.default_rng(3)
    hits, gains, pairs = np.zeros(3), [], votes.pairs(150)
    for at, turn in pairs:
        human, verdicts = votes.human[at] * turn, votes.judges[_GPT4][at] * turn
        truth = human.mean()
        for _ in range(_DRAWS):
            seen, rest = rng.integers(0, at.size, 50), rng.integers(0, at.size, 1000)
            found = ppi_mean(verdicts[seen], human[seen], verdicts[rest], bounds=(-1, 1))
            parts = (found.estimate, found.human, found.judge)
            hits += [part.low <= truth <= part.high for part in parts]
            gains.append(found.gain_ratio)
    corrected, people, alone = hits / (len(pairs) * _DRAWS)
    assert corrected >= 0.925
    assert people >= 0.925
    # A thousand verdicts make the judge sure of the wrong answer.
    assert alone < 0.35
    assert np.mean(gains) > 1.04


def test_sides(votes: JudgeVotes) -> None:
    # The judge saw one order only, so people's share of first wins is the yardstick.
    expected = {_GPT4: (0.551, 0.070), _OPUS: (0.395, -0.153), _GPT35: (0.863, 0.719)}
    people = share(votes.human[votes.human != 0] > 0)
    assert people.low < 0.5 < people.high
    for judge, (wins, excess) in expected.items():
        verdicts = votes.judges[judge]
        assert round(share(verdicts[verdicts != 0] > 0).value, 3) == wins
        beyond = clustered_mean(verdicts - votes.human, bounds=(-2.0, 2.0))
        assert round(beyond.value, 3) == pytest.approx(excess, abs=0.0011)
        assert not beyond.low <= 0 <= beyond.high


def test_agreement_orders_the_judges(votes: JudgeVotes) -> None:
    found = [agreement(votes.judges[judge], votes.human) for judge in (_GPT4, _OPUS, _GPT35)]
    assert [round(one.raw.value, 3) for one in found] == [0.555, 0.475, 0.400]
    for better, worse in itertools.pairwise(found):
        assert better.kappa is not None
        assert worse.kappa is not None
        assert better.kappa.low > worse.kappa.high
    assert found[0].decided is not None
    assert found[0].decided.low > 0.82
    assert [int(one.table.sum()) for one in found] == [26_919] * 3


def test_no_judge_prefers_its_own_family_beyond_what_another_judge_does(votes: JudgeVotes) -> None:
    openai, anthropic = votes.family("gpt-"), votes.family("claude-")
    gpt4 = self_preference(votes.judges[_GPT4], *openai, votes.human)
    opus = self_preference(votes.judges[_OPUS], *anthropic, votes.human)
    assert gpt4.extra is not None
    assert opus.extra is not None
    assert gpt4.extra.low > 0
    assert opus.extra.high < 0
    # GPT-4 favours Claude more than GPT: it is surer than people, not partial.
    other = self_preference(votes.judges[_GPT4], *anthropic, votes.human)
    assert other.extra is not None
    assert other.extra.low > gpt4.extra.high
