"""How headtohead does each task: one small function each, by the calls that users make.

Where peers take pandas frames, headtohead gets the same frame. Ratings are the pure maximum of the
likelihood, but for the bootstrap and the boards, which need the prior.
"""

from importlib import import_module
from math import log
from pathlib import Path
from typing import Any

from benchmarks.ratings_peers import TEXT, frame
from benchmarks.ratings_tasks import (
    BOARDS_PRIOR,
    BOOTSTRAPS,
    CATEGORIES,
    COVARIATES,
    MORE_VOTES,
    OURS,
    Ready,
    ToolAnswer,
    Way,
)

Found = Any  # headtohead is imported by name only, so that its import can be timed
_ROWS_AT_ONCE = 1 << 16
_ELO = 400 / log(10)
_Z95 = 1.959963984540054


def _counts(votes: object) -> Found:
    from headtohead.ratings.reading.votes import open_votes
    from headtohead.ratings.tally import ALL, tally

    return tally(open_votes(votes)).boards[ALL]


def _with_intervals(votes: object) -> Found:
    from headtohead.ratings.bradley_terry.covariance import covariance
    from headtohead.ratings.bradley_terry.fit import fit
    from headtohead.ratings.bradley_terry.intervals import bounds

    fitted = fit(_counts(votes), prior=0)
    return fitted, *bounds(fitted, covariance(fitted))


def _fit(folder: str) -> Ready:
    votes = frame(folder, TEXT)
    return Ready(lambda: _with_intervals(votes), lambda found: _answer(*found))


def _parquet(folder: str) -> Ready:
    path = Path(folder) / "votes.parquet"
    return Ready(lambda: _with_intervals(path), lambda found: _answer(*found))


def _point(folder: str, *, lists: bool) -> Ready:
    from headtohead.ratings.bradley_terry.fit import fit

    votes = frame(folder, TEXT)
    given = tuple(votes[column].tolist() for column in TEXT) if lists else votes
    return Ready(
        lambda: fit(_counts(given), prior=0),
        lambda fitted: ToolAnswer(list(fitted.counts.models), fitted.strength.tolist()),
    )


def _bootstrap(folder: str) -> Ready:
    import numpy as np

    from headtohead.ratings.bradley_terry.fit import fit
    from headtohead.ratings.bradley_terry.resample import bootstrap

    votes = frame(folder, TEXT)

    def run() -> object:
        fitted = fit(_counts(votes))
        drawn = bootstrap(fitted, np.random.default_rng(0), rounds=BOOTSTRAPS)
        return fitted, *np.quantile(drawn, [0.025, 0.975], axis=0)

    return Ready(run, lambda found: _answer(*found))


def _style(folder: str) -> Ready:
    import numpy as np

    from headtohead.ratings.bradley_terry.style.control import fit_style
    from headtohead.ratings.reading.votes import open_votes
    from headtohead.ratings.settings import VoteOptions
    from headtohead.ratings.tally import ALL, Subset, tally

    votes = frame(folder, [*TEXT, *COVARIATES])

    def run() -> object:
        opened = open_votes(votes, VoteOptions(style=COVARIATES))
        counts = tally(opened).boards[ALL]
        return fit_style(Subset(opened).passes(counts), counts, COVARIATES, prior=0)

    def answer(found: Found) -> ToolAnswer:
        names = list(found.counts.models)
        half = _Z95 * np.sqrt(np.diag(found.covariance)[: len(names)])
        effects = (found.effect / found.spread).tolist()
        return ToolAnswer(names, found.strength.tolist(), half.tolist(), "votes", effects)

    return Ready(run, answer)


def _verb(folder: str, *, parquet: bool = False, style: bool = False) -> Ready:
    """The verb that users call, which adds joint intervals, rank sets and tie groups."""
    rank = import_module("headtohead").rank
    columns = [*TEXT, *COVARIATES] if style else TEXT
    votes = Path(folder) / "votes.parquet" if parquet else frame(folder, columns)

    def answer(found: Found) -> ToolAnswer:
        rows = found.board().standings
        return ToolAnswer(
            [row.model for row in rows],
            [row.rating.value / _ELO for row in rows],
            [(row.rating.high - row.rating.low) / 2 / _ELO for row in rows],
            "votes",
            [effect.per_unit.value / _ELO for effect in found.style],
        )

    return Ready(lambda: rank(votes, prior=0, style=COVARIATES if style else ()), answer)


def _boards(folder: str) -> Ready:
    import numpy as np

    from headtohead.ratings.bradley_terry.counts import Counts
    from headtohead.ratings.bradley_terry.covariance import covariance
    from headtohead.ratings.bradley_terry.fit import fit
    from headtohead.ratings.bradley_terry.intervals import bounds
    from headtohead.ratings.tally import CellCounter

    names = _names(folder)
    a, b, outcome = (np.load(Path(folder) / f"{name}.npy") for name in ("a", "b", "outcome"))
    category = np.load(Path(folder) / "category.npy")

    def run() -> object:
        cells = CellCounter()
        for start in range(0, a.size, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            pair = (a[rows].astype(np.int64) * len(names) + b[rows]) * 4 + outcome[rows]
            cells.add(pair, len(names), category[rows], CATEGORIES)
        parts = [Counts.from_cells(names, *cell) for _, *cell in cells.boards()]
        made = [fit(counts, prior=BOARDS_PRIOR) for counts in (*parts, sum(parts, Counts.none()))]
        return [(fitted, *bounds(fitted, covariance(fitted))) for fitted in made]

    def answer(found: Found) -> ToolAnswer:
        made = ToolAnswer()
        for number, (fitted, low, high) in enumerate(found):
            made.names.extend(f"{number}:{name}" for name in fitted.counts.models)
            made.ratings.extend((fitted.strength - fitted.strength.mean()).tolist())
            made.half.extend(((high - low) / 2).tolist())
        return ToolAnswer(made.names, made.ratings, made.half, "votes")

    return Ready(run, answer)


def _refit(folder: str) -> Ready:
    import numpy as np

    from headtohead.ratings.bradley_terry.counts import Counts
    from headtohead.ratings.bradley_terry.covariance import covariance
    from headtohead.ratings.bradley_terry.fit import fit
    from headtohead.ratings.bradley_terry.intervals import bounds

    names = _names(folder)
    columns = [np.load(Path(folder) / f"{name}.npy") for name in ("a", "b", "outcome")]
    old = Counts.from_codes(names, *(column[:-MORE_VOTES] for column in columns))
    new = [column[-MORE_VOTES:].copy() for column in columns]
    before = fit(old, prior=0)
    start = dict(zip(old.models, before.strength.tolist(), strict=True))

    def run() -> object:
        fitted = fit(old + Counts.from_codes(names, *new), prior=0, start=start)
        return fitted, *bounds(fitted, covariance(fitted))

    return Ready(run, lambda found: _answer(*found))


def _answer(fitted: Found, low: Found, high: Found) -> ToolAnswer:
    half = ((high - low) / 2).tolist()
    return ToolAnswer(list(fitted.counts.models), fitted.strength.tolist(), half, "votes")


def _names(folder: str) -> list[str]:
    import numpy as np

    with np.load(Path(folder) / "counts.npz") as counts:
        names: list[str] = counts["names"].tolist()
    return names


def _only_import(_: str) -> Ready:
    return Ready(lambda: None, lambda _: ToolAnswer())


_STATS = (
    "headtohead",
    "headtohead.ratings.bradley_terry",
    "headtohead.ratings.bradley_terry.intervals",
)
_VOTES = (*_STATS, "headtohead.ratings.tally", "headtohead.ratings.reading.votes", "pyarrow")
_VERB = (*_VOTES, "headtohead.ratings.verb")
_STYLED = (
    "headtohead.ratings.bradley_terry.style.control",
    "headtohead.ratings.bradley_terry.style.passes",
)
_FRAME = (*_VOTES, "headtohead.ratings.bradley_terry.resample", "pandas")

VERB = f"{OURS}.rank()"

OUR_WAYS: dict[tuple[str, str], Way] = {
    ("fit", OURS): Way(_FRAME, _fit),
    ("fit", VERB): Way((*_VERB, "pandas"), _verb),
    ("point", OURS): Way(_FRAME, lambda at: _point(at, lists=False)),
    ("point", f"{OURS}, from lists"): Way(_FRAME, lambda at: _point(at, lists=True)),
    ("bootstrap", OURS): Way(_FRAME, _bootstrap),
    ("style", OURS): Way((*_FRAME, *_STYLED), _style),
    ("style-intervals", OURS): Way((*_FRAME, *_STYLED), _style),
    ("style-intervals", VERB): Way((*_VERB, *_STYLED, "pandas"), lambda at: _verb(at, style=True)),
    ("parquet", OURS): Way((*_VOTES, "pyarrow.parquet"), _parquet, "own"),
    ("parquet", VERB): Way((*_VERB, "pyarrow.parquet"), lambda at: _verb(at, parquet=True), "own"),
    ("parquet-huge", OURS): Way((*_VOTES, "pyarrow.parquet"), _parquet, "own"),
    ("boards", OURS): Way(_STATS, _boards, "own"),
    ("refit", OURS): Way(_STATS, _refit, "own", warm_up=1),
    ("import", OURS): Way(("headtohead",), _only_import, "own"),
}
