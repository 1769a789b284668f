"""The verb `versus`: any two, side by side."""

from collections.abc import Callable, Iterable
from typing import get_args

from headtohead.claims.versus.grounds import (
    cost,
    hardware,
    impact,
    investment,
    openness,
    performance,
)
from headtohead.claims.versus.line import Ahead, Line
from headtohead.claims.versus.pair import Pair, pair_of
from headtohead.claims.versus.result import VersusResult
from headtohead.claims.versus.settings import VersusSettings
from headtohead.core import dates
from headtohead.core.dates import Day, Period
from headtohead.core.settings import takes
from headtohead.core.units import counted
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.publish.words import listed

_GROUNDS = {
    "performance": performance.lines,
    "openness": openness.lines,
    "cost": cost.lines,
    "hardware": hardware.lines,
    "investment": investment.lines,
    "impact": impact.lines,
}


@takes(settings=VersusSettings)
def versus(
    a: str,
    b: str,
    *,
    as_of: Day,
    settings: VersusSettings,
    store: Store | None = None,
    progress: Callable[[str], None] | None = None,
) -> VersusResult:
    """What is known of two sides on six grounds, who is ahead, and whether B may stand in for A.

    Args:
        a: The side that would be replaced: a model, lab, family or country in any spelling, or
            "open" or "closed".
        b: The side that might stand in, of the same kind.
        as_of: The day of our knowledge: nothing known later has any influence.
        settings: What the names are, and what is asked about.
        store: The evidence; the user's own if None.
        progress: Called with each ground.

    Raises:
        UnknownName: If a name stands for nothing; with what is spelt alike.
        InputError: If the two are of two kinds, or the same.
        NoEvidence: If nothing was known by `as_of`.
    """
    day = dates.day(as_of, "as_of")
    facts = Facts(store)
    facts.require_evidence(day)
    pair = pair_of(facts, a, b, settings.group, settings.about or Period(day, day), day)
    return side_by_side(pair, progress)


def side_by_side(pair: Pair, progress: Callable[[str], None] | None = None) -> VersusResult:
    """The card of two sides that are known."""
    lines: dict[str, tuple[Line, ...]] = {}
    for ground, lines_of in _GROUNDS.items():
        if progress:
            progress(ground)
        lines[ground] = tuple(lines_of(pair))
    every = [line for own in lines.values() for line in own]
    ids = sorted({i for line in every for i in line.source_ids})
    saving = [line for line in every if line.bears == "saving"]
    return VersusResult(
        kind=pair.kind,
        a=pair.a,
        b=pair.b,
        titles=pair.titles,
        about=pair.about,
        as_of=pair.as_of,
        work=_work(*pair.titles, [x for x in every if x.bears == "quality"], pair.about),
        saving=_saving(pair.titles[1], saving),
        left=_left(saving, every, pair.about),
        lines=lines,
        citations=pair.facts.citations(ids, pair.as_of),
    )


def _work(a: str, b: str, lines: Iterable[Line], about: Period) -> str:
    """Where B is behind, where ahead, where it cannot be told, and what follows: one sentence."""
    by = _by_leader(lines)
    parts = []
    if by["a"]:
        parts.append(f"behind {a} on {_with_size(by['a'], about)}")
    if by["b"]:
        parts.append(f"ahead {'' if by['a'] else f'of {a} '}on {_with_size(by['b'], about)}")
    told = f"{b} {'are' if _many(b) else 'is'} {' and '.join(parts)}" if parts else ""
    untold = listed(line.short for line in by["open"] + by["level"])
    unsure = f"on {untold} it cannot be told which is better" if untold else ""
    if not told and not unsure:
        return f"Nothing that is known measures {b} against {a}."
    if not by["a"]:
        follows = f"nothing measured here speaks against {b} standing in for {a}"
    elif by["b"] or unsure:
        follows = f"whether {b} can stand in for {a} hangs on the work"
    else:
        follows = f"{'they' if _many(b) else 'it'} can stand in only where that much less is enough"
    said = "; ".join(filter(None, (told, unsure, follows)))
    return f"{said[:1].upper()}{said[1:]}."


def finding_of(result: VersusResult) -> str:
    """Who is ahead in how many measures of ability, and how much cheaper B is: half a sentence."""
    a, b = result.titles
    lines = [line for own in result.lines.values() for line in own]
    by = _by_leader(line for line in lines if line.bears == "quality")
    n = sum(len(by[who]) for who in ("a", "b", "open", "level"))
    parts = []
    if by["a"] and by["b"]:
        parts = [f"behind {a} on {len(by['a'])}", f"ahead on {len(by['b'])} of"]
    elif by["a"]:
        parts = [f"behind {a} on {_all_or(len(by['a']), n)}"]
    elif by["b"]:
        parts = [f"ahead of {a} on {_all_or(len(by['b']), n)}"]
    are, measures = "are" if _many(b) else "is", counted(n, "measure")
    said = f"{b} {are} {' and '.join(parts)} {measures} of ability"
    if not n:
        said = f"No vote and no test measures {b} against {a}"
    elif not parts:
        said = f"Votes and tests cannot tell {b} and {a} apart"
    it = "They" if _many(b) else "It"
    gains = [_for(it, line.gain) for line in lines if line.ahead == "b" and line.bears == "saving"]
    cheaper = next((gain for gain in gains if "cheaper" in gain), "")
    return f"{said}, but {it.lower()} {cheaper}" if cheaper else said


def _all_or(some: int, n: int) -> str:
    return ("all" if n > 1 else "the") if some == n else f"{some} of"


def _saving(b: str, lines: Iterable[Line]) -> str:
    """What B would save or bring, and what would be lost: one sentence."""
    by = _by_leader(lines)
    it = "They" if _many(b) else "It"
    gains = [_for(it, line.gain) for line in by["b"] if line.gain]
    losses = [_for(it, line.loss) for line in by["a"] if line.loss]
    if gains and losses:
        return f"{it} {listed(gains)}, but {it.lower()} {listed(losses)}."
    return f"{it} {listed(gains or losses)}." if gains or losses else ""


def _left(saving: Iterable[Line], every: Iterable[Line], about: Period) -> str:
    """What is not known or not decided."""
    undecided = [line.short for line in saving if line.ahead == "open"]
    lacking = list(dict.fromkeys(line.short for line in every if line.ahead == "unknown"))
    said = [f"Which is better in {listed(undecided)} cannot be told."] if undecided else []
    are = "is" if len(lacking) == 1 else "are"
    said += (
        [
            f"Left open, since no figures of both are known for {about.in_words}, {are} "
            f"{listed(lacking)}."
        ]
        if lacking
        else []
    )
    return " ".join(said)


def _by_leader(lines: Iterable[Line]) -> dict[Ahead, list[Line]]:
    by: dict[Ahead, list[Line]] = {who: [] for who in get_args(Ahead)}
    for line in lines:
        by[line.ahead].append(line)
    return by


def _with_size(lines: Iterable[Line], about: Period) -> str:
    """Each line with how far apart the two are, and the day of data that are old by then."""
    said = []
    for line in lines:
        e = line.difference
        old = e and e.stale(about)
        by = f"{line.by} as of {e.observed_on}" if e and old else line.by
        said.append(f"{line.short} ({by})" if by else line.short)
    return listed(said)


def _many(title: str) -> bool:
    """Whether a title is a plural ("Chinese models")."""
    return title.endswith("models")


def _for(it: str, gain: str) -> str:
    """A gain or a loss after its subject: "is cheaper" is "are cheaper" after "they"."""
    verb, _, rest = gain.partition(" ")
    plural = {"has": "have", "costs": "cost", "lists": "list", "solves": "solve"}
    return gain if it == "It" else f"{plural.get(verb, verb)} {rest}"
