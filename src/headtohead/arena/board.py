"""The leaderboard of an arena: the result of `rank` on its votes, with what an arena knows besides.

Prices and times come from the answers that were voted on; the stop meters say of each pair of
sides what is decided, and about how many more votes it takes.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, Any

from headtohead.arena.integrity import FlaggedVoters, flagged_voters
from headtohead.arena.judge_votes import PREFERENCE, preferences
from headtohead.arena.judge_worth import ComparedSides, JudgeView, judge_view
from headtohead.arena.judged_sides import Votes
from headtohead.arena.meter import StopMeter, meter
from headtohead.arena.settings import ArenaSettings, BoardAsk
from headtohead.arena.style import STYLES
from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.board import Board, Standing
from headtohead.ratings.grouping import groups_of, labels_of
from headtohead.ratings.verb import rank

if TYPE_CHECKING:
    from headtohead.arena.store.store import ArenaStore
    from headtohead.ratings.result import RankResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCosts:
    """What the answers of an entrant that were voted on took.

    Attributes:
        seconds: Median from the question to the end of the answer; None where it was not recorded.
        usd: Mean cost of an answer; None where it is not known.
        seconds_n: Answers of known time.
        usd_n: Answers of known cost.
    """

    seconds: float | None = None
    usd: float | None = None
    seconds_n: int = 0
    usd_n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """All votes between two entrants.

    Attributes:
        score: Votes that the first took of the second, a tie counted half.
    """

    score: float
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """A leaderboard, as it is shown.

    Attributes:
        ranked: The result of `rank`; None if there is none yet.
        why: Why there is none.
        retired: Entrants that no longer answer; their votes count.
        standings: Of those that still answer, the best rating first.
        meetings: (entrant, other) -> their votes, both ways round.
        meters: For each pair of sides, over all categories and in each.
        days: On which votes were given, the first first.
        votes: That are rated.
        named: More, in which an answer gave its model away; they are kept and not rated.
        flagged: Voters whose votes stand out; they count unless the ask says otherwise.
        judge: What the judge adds to the votes of all people; None if none has voted.
    """

    ask: BoardAsk
    ranked: "RankResult | None"
    why: str
    retired: tuple[str, ...]
    standings: tuple[Standing, ...]
    costs: Mapping[str, AnswerCosts]
    meetings: Mapping[tuple[str, str], Meeting]
    meters: tuple[tuple[str, StopMeter], ...]
    days: tuple[date, ...]
    votes: int
    named: int
    flagged: tuple[FlaggedVoters, ...] = ()
    judge: JudgeView | None = None


def board_of(store: "ArenaStore", settings: ArenaSettings, ask: BoardAsk) -> BoardView:
    """The leaderboard of the votes asked for, and the stop meters of all.

    Raises:
        InputError: If there is no such category or group.
    """
    votes = [dict(row) for row in store.rows("SELECT * FROM counted_votes ORDER BY voted_ms")]
    categories = {vote["category"] for vote in votes} | set(settings.categories)
    if ask.category and ask.category not in categories:
        raise UnknownName("category of this arena", ask.category, categories - {""})
    flagged = flagged_voters(votes)
    out = {voter for one in flagged for voter in one.voters} if ask.trusted else set()
    chosen = [vote for vote in votes if _asked(vote, ask) and vote["voter"] not in out]
    ranked, why = _ranked(store, settings, ask, chosen)
    rated, counted = (_rated(settings, some) for some in (votes, chosen))
    known = store.entrants(retired=True)
    retired = tuple(row["name"] for row in known if row["retired_ms"] is not None)
    compared = list(_compared(settings, rated))
    return BoardView(
        ask=ask,
        ranked=ranked,
        why=why,
        retired=retired,
        standings=tuple(
            standing
            for part in (ranked.boards["all"] if ranked else ())
            for standing in part.standings
            if standing.model not in retired
        ),
        costs=_costs(store),
        meetings=_meetings(counted),
        meters=tuple(_meter(settings, sides) for sides in compared),
        days=tuple(sorted({_day(vote["voted_ms"]) for vote in votes})),
        votes=ranked.used if ranked else len(counted),
        named=sum(not vote["names_hidden"] for vote in chosen),
        flagged=flagged,
        judge=judge_view(store, settings, compared, rated),
    )


def _asked(vote: Mapping[str, Any], ask: BoardAsk) -> bool:
    return (
        (not ask.category or vote["category"] == ask.category)
        and (not ask.voter or vote["voter"] == ask.voter)
        and (ask.until is None or _day(vote["voted_ms"]) <= ask.until)
    )


def _rated(settings: ArenaSettings, votes: Votes) -> list[Mapping[str, Any]]:
    """Those that say something of two entrants whose names were hidden."""
    said_nothing = "tie (bothbad)" if settings.both_bad == "drop" else None
    return [v for v in votes if v["names_hidden"] and v["winner"] != said_nothing]


def _day(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def _ranked(
    store: "ArenaStore",
    settings: ArenaSettings,
    ask: BoardAsk,
    chosen: Sequence[Mapping[str, Any]],
) -> tuple["RankResult | None", str]:
    """What `rank` says of the votes, read from the file as everyone may; or why it says nothing."""
    if not chosen and ask == BoardAsk(trusted=True) and store.votes_n():
        return None, "Every voter stands out, and without them there is no vote."
    if not chosen:
        return (
            None,
            "Nobody has voted yet." if ask == BoardAsk() else "No vote meets these choices.",
        )
    where = {"category": ask.category, "voter": ask.voter}
    try:
        ranked = rank(
            {name: [vote[name] for vote in chosen] for name in chosen[0]}
            if ask.trusted
            else store.path,
            where={word: value for word, value in where.items() if value},
            until=ask.until,
            style=_varying(chosen) if ask.style else (),
            # Votes from elsewhere say nothing of the style of their answers.
            on_bad="drop" if ask.style else "error",
            level=settings.level,
            both_bad="drop" if settings.both_bad == "drop" else "tie",
        )
    except InputError as error:
        return None, str(error)
    if ask.group:
        labels = _labels(store, ask.group, ranked.board())
        # Where no entrant is of a group that we know, the board is still to be seen.
        if labels:
            ranked = replace(ranked, groups=groups_of(ranked.board(), ask.group, labels))
    return ranked, ""


def _labels(store: "ArenaStore", group: str, board: Board) -> dict[str, str]:
    """The group of each entrant, by the model that it is said to be, else by its own name."""
    models = {row["name"]: row["model"] for row in store.entrants(retired=True)}
    known = {s.model: models.get(s.model) or s.model for s in board.standings}
    groups = labels_of(known.values(), group)
    return {name: groups[model] for name, model in known.items() if model in groups}


def _varying(votes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The measures of style in which the two answers of a vote ever differ."""
    return tuple(n for n in STYLES if any(v[f"{n}_a"] != v[f"{n}_b"] for v in votes))


def _meetings(votes: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Meeting]:
    scores: dict[tuple[str, str], list[float]] = {}
    for vote in votes:
        a, b = vote["model_a"], vote["model_b"]
        share = 0.5 - PREFERENCE.get(vote["winner"], 0.0) / 2
        scores.setdefault((a, b), []).append(share)
        scores.setdefault((b, a), []).append(1 - share)
    return {pair: Meeting(score=sum(of), votes=len(of)) for pair, of in scores.items()}


def _costs(store: "ArenaStore") -> dict[str, AnswerCosts]:
    taken: dict[str, tuple[list[float], list[float]]] = {}
    for row in store.answers_taken():
        seconds, usd = taken.setdefault(row["entrant"], ([], []))
        seconds += [] if row["seconds"] is None else [row["seconds"]]
        usd += [] if row["usd"] is None else [row["usd"]]
    return {
        name: AnswerCosts(
            seconds=median(seconds) if seconds else None,
            usd=sum(usd) / len(usd) if usd else None,
            seconds_n=len(seconds),
            usd_n=len(usd),
        )
        for name, (seconds, usd) in taken.items()
    }


def _compared(settings: ArenaSettings, votes: Votes) -> Iterator[ComparedSides]:
    """Each pair of sides over all categories, and in each that has votes on it."""
    for names, (a, b) in settings.compared.items():
        pairs = {frozenset(pair) for pair in product(a, b)}
        met = [v for v in votes if {v["model_a"], v["model_b"]} in pairs]
        within = sorted({v["category"] for v in met if v["category"]})
        for category in ["", *(within if len(within) > 1 else [])]:
            cast = [v for v in met if category in ("", v["category"])]
            yield ComparedSides(names=names, category=category, a=a, b=b, votes=cast)


def _meter(settings: ArenaSettings, sides: ComparedSides) -> tuple[str, StopMeter]:
    import numpy as np

    pairs = list(product(sides.a, sides.b))
    several = len(pairs) > 1
    labels = [(v["model_a"], v["model_b"]) for v in sides.votes]
    return sides.category, meter(
        preferences(sides.votes, sides.a),
        margin_pp=settings.margin_pp,
        rng=np.random.default_rng(zlib.crc32("/".join((*sides.names, sides.category)).encode())),
        level=settings.level,
        names=sides.names,
        voters=[v["voter"] for v in sides.votes],
        pairs=[p if p in pairs else p[::-1] for p in labels] if several else None,
        weights=dict.fromkeys(pairs, 1 / len(pairs)) if several else None,
    )
