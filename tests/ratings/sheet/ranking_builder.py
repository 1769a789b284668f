"""Rankings of made-up votes through the real estimators, so that every page can be tested alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from headtohead.core.dates import Period
from headtohead.core.estimate import Citation, Interval
from headtohead.publish.page import sheet_html
from headtohead.publish.terminal import sheet_lines
from headtohead.ratings.board import Board, boards
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.drift import Move
from headtohead.ratings.bradley_terry.trust.fitness import Misfit
from headtohead.ratings.grouping import groups_of
from headtohead.ratings.result import Groups, RankResult, StyleEffect
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.sheet.sheet import rank_sheet
from headtohead.ratings.trust import (
    Exposure,
    Fitness,
    FlipRow,
    OddVoter,
    SideBias,
    Trust,
    VoterInfluence,
    Voters,
)

VERSION = "9.9.9"
NAMES = tuple(f"model-{letter}" for letter in "abcdefgh")
HOSTILE = (
    '<img src=x onerror="window.pwned=1">',
    "</script><script>window.pwned=1</script>",
    "a'b\"c`d${window.pwned=1}{{7*7}}",
    "\u202egnp.exe\u202c رقم 🤖",
    "x" * 400,
    "x" * 401,
    "\x1b[31mred\x07",
    "=1+1",
    "datum.pwned || (window.pwned=1)",
    "二つの漢字の名前を持つとても長い名前のモデル" * 3,
)
SETTINGS = RankSettings(draws=500)


def counts(names: Sequence[str] = NAMES, votes: int = 60, step: float = 0.25) -> Counts:
    """Votes of every pair, the earlier name the stronger by `step` logits a place; some ties."""
    rng = np.random.default_rng(len(names))
    pairs = list(combinations(range(len(names)), 2))
    cells = []
    for i, j in pairs:
        first = 0.8 / (1 + np.exp(-step * (j - i)))
        cells.append(rng.multinomial(votes, [first, 0.8 - first, 0.15, 0.05]))
    a, b = zip(*pairs, strict=True)
    return Counts.from_cells(names, a, b, np.array(cells))


def undefeated() -> Counts:
    """Six models, of which the first never lost and the last never won."""
    n = ("always-wins", "b", "c", "d", "e", "never-wins")
    mixed = [(i, j, (6, 5, 2, 0)) for i, j in combinations(range(1, 5), 2)]
    clean = [(0, i, (7, 0, 0, 0)) for i in range(1, 5)] + [
        (i, 5, (7, 0, 0, 0)) for i in range(1, 5)
    ]
    a, b, votes = zip(*mixed, *clean, strict=True)
    return Counts.from_cells(n, a, b, np.array(votes))


def apart() -> Counts:
    """Two sets of models that never met."""
    return counts(("a", "b", "c"), 40) + counts(("x", "y"), 30)


def made(
    votes: Counts | None = None, *, settings: RankSettings = SETTINGS, **changes: Any
) -> RankResult:
    """A plain ranking: one board, nothing else asked."""
    votes = votes or counts()
    plain = RankResult(
        settings=settings,
        votes="votes.parquet",
        format="plain",
        asked={},
        boards={"all": boards("all", votes, settings)},
        unmade={},
        groups=None,
        style=(),
        moves=(),
        drift_note="",
        trust=None,
        rows_read=votes.total,
        used=votes.total,
        dropped={},
        about=None,
        as_of=None,
        citations=(citation(),),
    )
    return replace(plain, **changes)


def everything(names: Sequence[str] = NAMES) -> RankResult:
    """A ranking in which everything was asked for."""
    settings = RankSettings(
        draws=500, anchor=(names[0], 1200.0), style=("length",), cluster="voter"
    )
    votes = counts(names)
    found = {"all": boards("all", votes, SETTINGS)}
    for number, value in enumerate(("de", "fr", names[0])):
        name = f"language={value}"
        found[name] = boards(name, counts(names[number:], 20), SETTINGS)
    for month in ("2025-05", "2025-06"):
        found[f"month={month}"] = boards(f"month={month}", counts(names[:4], 30), SETTINGS)
    board = found["all"][0]
    return made(
        votes,
        boards=found,
        settings=settings,
        asked={"by": "language", "window": "month", "where": "language=de", "group": "open"},
        unmade={"language=xx": f"there is no vote on {names[0]}"},
        groups=grouped(board),
        style=(
            StyleEffect(
                name="length",
                per_sd=Interval(25.3, 23.1, 27.6),
                per_unit=Interval(60.2, 55, 66),
                sd=0.42,
            ),
            StyleEffect(
                name=names[0],
                per_sd=Interval(-1.3, -3.1, 0.6),
                per_unit=Interval(-2, -5, 1),
                sd=0.62,
            ),
        ),
        moves=tuple(
            Move(
                model=name,
                first="2025-05",
                last="2025-06",
                change=Interval(9 - 5 * n, 6 if n == 0 else -30, 30),
                joint=Interval(9 - 5 * n, 5 if n == 0 else -40, 40),
            )
            for n, name in enumerate(names[:4])
        ),
        trust=trust(board, names),
        rows_read=votes.total + 30,
        dropped={"not anonymous": 20, names[0]: 10},
        about=Period.parse("2025-05-01/2025-06-30"),
        as_of=date(2025, 12, 31),
    )


RANKINGS: Mapping[str, Callable[[], RankResult]] = {
    "plain": made,
    "everything": everything,
    "hostile": lambda: everything(HOSTILE),
    "undefeated": lambda: made(undefeated()),
    "apart": lambda: made(apart()),
    "two": lambda: made(counts(("a", "b"), 20)),
}


@cache
def ranking(name: str) -> RankResult:
    """One of the rankings that every way out is tried on, made once."""
    return RANKINGS[name]()


def grouped(board: Board) -> Groups:
    """Models by turns in two groups; the last in none."""
    models = [s.model for s in board.standings]
    labels = {m: ("open", "closed <b>")[n % 2] for n, m in enumerate(models[:-1])}
    return groups_of(board, "open", labels)


def trust(board: Board, names: Sequence[str] = NAMES) -> Trust:
    """What was looked at on a board, with one of everything."""
    pairs = list(zip(board.standings, board.standings[1:], strict=False))
    flips = tuple(
        FlipRow(
            leader=a.model,
            rival=b.model,
            gap_elo=a.rating.value - b.rating.value,
            needed=None if n == 1 else 3 + n,
            share_frac=None if n == 1 else (3 + n) / 1680,
            gap_after_elo=None if n == 1 else -0.5,
        )
        for n, (a, b) in enumerate(pairs)
    )
    return Trust(
        flips=flips,
        sides=SideBias(
            first_wins_frac=Interval(0.53, 0.51, 0.55),
            bias_elo=Interval(21, 7, 35),
            lopsided=((names[1], 0.61),),
        ),
        fitness=Fitness(
            statistic=41.5,
            df=21,
            p=0.005,
            p_method="asymptotic",
            misfits=(
                Misfit(
                    a=names[0],
                    b=names[1],
                    expected_frac=0.55,
                    observed_frac=0.8,
                    votes=60,
                    p=0.0004,
                ),
            ),
            misfits_n=3,
            cyclic_frac=0.12,
            cyclic_by_chance_frac=0.7,
            cyclic_p=0.3,
            circles=((names[0], names[1], names[2]),),
            circles_n=4,
        ),
        exposure=Exposure(
            most=names[2],
            most_votes=420,
            least=names[3],
            least_votes=0,
            gini_frac=0.2,
            pairs_met_frac=0.9,
            by_group=(("open", 4, 310.0),),
        ),
        voters=Voters(
            column="voter",
            voters=90,
            unknown_n=0,
            odd_n=2,
            odd=(OddVoter(voter=names[0], votes=31, why=f"favours {names[1]}", z=5.1, p=1e-6),),
            influence=(
                VoterInfluence(voter="v2", votes=55, model=names[1], change_elo=-8.2, reorders=2),
            ),
        ),
        notes=("Prompts were not given.",),
    )


def citation() -> Citation:
    return Citation(
        source_id="votes",
        publisher="Your votes",
        product="votes.parquet",
        citation="votes.parquet, as given.",
        url="",
        licence="not stated",
        evaluator="third_party",
        sha256="ab" * 32,
    )


def page(result: RankResult, command: str = "") -> str:
    """The page that `--html` writes."""
    return sheet_html(rank_sheet(result, command=command, page=True), version=VERSION)


def lines(result: RankResult, width: int = 80, **options: Any) -> list[str]:
    """What a terminal prints."""
    return list(sheet_lines(rank_sheet(result, **options), width=width))
