"""What a judge adds to people's votes: how far it agrees, what moves it, how many votes it saves.

The method is `calibration`; here it gets the votes of an arena's file, and its result its words.
"""

import math
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.arena.calibration import Calibrated, JudgeBias, calibrated, judge_bias
from headtohead.arena.judge_votes import PREFERENCE, BothVerdicts, both_verdicts, last_judge
from headtohead.arena.judged_sides import BesideJudge, Votes
from headtohead.arena.settings import ArenaSettings
from headtohead.arena.store.store import ArenaStore
from headtohead.core.units import counted
from headtohead.names.names import Names
from headtohead.stats.inputs import FloatArray
from headtohead.trials.judging.bias import Agreement, agreement

_FEWEST = 10  # battles, below which the slope in length says little
_FEW_VOTES = 10  # of people, below which nobody knows whether to follow a judge
_USEFUL = 1.05
_OFTEN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSides:
    """Two sides that are compared, in one category or over all, and people's votes on them.

    Attributes:
        names: Can the second stand in for the first?
        category: Empty for all.
        a: Entrants of the first side.
        b: Of the second.
        votes: Between them, in order.
    """

    names: tuple[str, str]
    category: str
    a: Collection[str]
    b: Collection[str]
    votes: Votes


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """What the judge adds on two sides that are compared.

    Attributes:
        names: Can the second stand in for the first?
        category: In which; empty for all.
        calibrated: By people with the judge and by people alone; None if the judge adds nothing
            here, and `why` says why.
        why: Why the judge adds nothing; empty if it does.
    """

    names: tuple[str, str]
    category: str
    calibrated: Calibrated | None
    why: str = ""

    @property
    def saved(self) -> int:
        """About how many more votes people alone would need to know as much."""
        found = self.calibrated
        if found is None or found.gain < _USEFUL or found.meter.votes < _FEW_VOTES:
            return 0
        return round(found.meter.votes * (found.gain - 1))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the judge is worth on this pair, and why."""
        found = self.calibrated
        if found is None:
            return (self.why,)
        said = [found.sentence]
        if (
            0 < found.meter.votes < _FEW_VOTES
            and found.meter.share.width >= found.people.share.width
        ):
            said = []
        if self.saved:
            more = counted(self.saved, "more vote")
            said.append(f"People alone would need about {more} to know as much.")
        return (*said, *([self.why] if self.why else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeView:
    """A judge beside the people of an arena.

    Attributes:
        model: What the judge is called.
        battles: Pairs of answers on which it voted in both orders.
        unread: Those of which a verdict could not be read; nothing is supposed of them.
        shared: How many of its battles people voted on too.
        agreement: With the mean of people's votes on these; None with fewer than two.
        bias: None before it has voted on two.
        pairs: What it adds on each pair that is compared.
    """

    model: str
    battles: int
    unread: int
    shared: int
    agreement: Agreement | None
    bias: JudgeBias | None
    pairs: tuple[JudgedPair, ...]

    @property
    def saved(self) -> int:
        """About how many votes of people it saves on all pairs together."""
        return sum(pair.saved for pair in self.pairs if not pair.category)

    @property
    def sentence(self) -> str:
        """What it comes to."""
        done = f"{self.model} has voted in both orders on {counted(self.battles, 'battle')}"
        if not self.pairs:
            return f"{done}. Name pairs under `compare` in arena.toml to see what that saves."
        voted = any(pair.calibrated and pair.calibrated.meter.votes for pair in self.pairs)
        if not voted:
            return f"{done}. What that is worth shows once people vote on some of the same answers."
        if self.saved:
            return f"{done}. That saves about {counted(self.saved, 'vote')} of people."
        return f"{done}. It saves no vote of people here."

    @property
    def remarks(self) -> tuple[str, ...]:
        """How far it agrees with people, and what moves it beside the worth of an answer."""
        said = []
        if self.unread:
            said.append(
                f"On {counted(self.unread, 'more battle')} it gave a verdict that could not be "
                "read; that counts as if it had said nothing."
            )
        if self.agreement is not None:
            said.append(self.agreement.sentence)
        else:
            said.append(
                "How far it agrees with people cannot be told yet: they voted on "
                f"{self.shared or 'none'} of the answers that it compared."
            )
        said += self.bias.sentences if self.bias else ()
        if self.bias and self.bias.family is None:
            said.append(
                "Whether it favours answers of its own family cannot be told: no battle sets one "
                "against another's, as far as the makers are known."
            )
        said.append(
            "The judge is never taken at its word: it says where people are asked and what is "
            "expected of them; people's votes decide. Where a judge has voted, the verdict with "
            "the judge counts; the stop meters by people alone stand beside it, and to take "
            "whichever comes first would err more often."
        )
        return tuple(said)


def judge_view(
    store: ArenaStore,
    settings: ArenaSettings,
    compared: Iterable[ComparedSides],
    votes: Votes,
) -> JudgeView | None:
    """What the judge that came last adds; None if none has voted.

    Args:
        votes: All votes of people that are rated.
    """
    judge = last_judge(store)
    if judge is None:
        return None
    verdicts = both_verdicts(store, judge.id)
    beside = BesideJudge.of(store, verdicts)
    people = _people(verdicts, votes)
    known = ~np.isnan(people)
    agreed = None
    if known.sum() >= 2:
        said = np.array([one.preference for one in verdicts])
        agreed = agreement(
            np.sign(said[known]),
            np.sign(people[known]),
            level=settings.level,
            clusters=[one.prompt for one, there in zip(verdicts, known, strict=True) if there],
        )
    failed = store.rows(
        "SELECT COUNT(DISTINCT substr(id, 1, length(id) - 2)) FROM battles "
        "WHERE voter = ? AND state = 'failed'",
        judge.id,
    )
    return JudgeView(
        model=judge.name,
        battles=len(verdicts),
        unread=failed[0][0],
        shared=int(known.sum()),
        agreement=agreed,
        bias=_bias(store, judge.name, verdicts, people, settings.level),
        pairs=tuple(_judged_pair(settings, sides, beside) for sides in compared),
    )


def _people(verdicts: Sequence[BothVerdicts], votes: Votes) -> FloatArray:
    """People's mean preference for B on the answers of each, nan where nobody voted."""
    cast: dict[tuple[str, ...], list[float]] = {}
    for vote in votes:
        said = PREFERENCE.get(vote["winner"], 0.0)
        a, b = vote["model_a"], vote["model_b"]
        cast.setdefault((vote["battle"],), []).append(said)
        cast.setdefault((vote["prompt"], a, b), []).append(said)
        cast.setdefault((vote["prompt"], b, a), []).append(-said)
    found = [
        # Of answers from two battles nobody has seen both.
        None
        if one.known_ms and not one.about
        else cast.get((one.about,) if one.about else (one.prompt, one.a, one.b))
        for one in verdicts
    ]
    return np.array([np.mean(said) if said else math.nan for said in found], dtype=np.float64)


def _bias(
    store: ArenaStore,
    judge: str,
    verdicts: Sequence[BothVerdicts],
    people: FloatArray,
    level: float,
) -> JudgeBias | None:
    if len(verdicts) < 2:
        return None
    lengths = np.array([(max(1, one.length_a), max(1, one.length_b)) for one in verdicts])
    ratio, known = lengths[:, 0] / lengths[:, 1], ~np.isnan(people)
    if known.sum() < _FEWEST:  # then nobody knows what people like
        people, known = np.full_like(people, math.nan), np.zeros_like(known)
    telling = len(verdicts) >= _FEWEST and np.ptp(ratio) > 0
    telling &= not known.any() or np.ptp(ratio[known]) > 0
    family = _maker(judge)
    own = {
        row["name"]: bool(family) and family in (_maker(row["name"]), _maker(row["model"]))
        for row in store.entrants(retired=True)
    }
    return judge_bias(
        [one.a_first for one in verdicts],
        [one.b_first for one in verdicts],
        people=people,
        lengths=(lengths[:, 0], lengths[:, 1]) if telling else None,
        own=([own[one.a] for one in verdicts], [own[one.b] for one in verdicts]),
        prompts=[one.prompt for one in verdicts],
        level=level,
    )


def _maker(model: str) -> str:
    """The lab of a model; empty if nobody knows it."""
    return (Names.load().resolve(model).lab or "") if model else ""


def _judged_pair(settings: ArenaSettings, sides: ComparedSides, beside: BesideJudge) -> JudgedPair:
    """What the judge adds on two sides, or why nothing."""
    names, category = sides.names, sides.category
    seen = beside.votes(sides.a, sides.b, sides.votes, category)
    if isinstance(seen, str):
        return JudgedPair(names=names, category=category, calibrated=None, why=seen)
    found = calibrated(
        seen,
        margin_pp=settings.margin_pp,
        rng=np.random.default_rng(zlib.crc32("/".join((*names, category)).encode())),
        level=settings.level,
        names=names,
    )
    few = 0 < found.meter.votes < _FEW_VOTES
    useless = few or found.gain < _USEFUL
    why = _no_use(found, beside.among(sides.a, sides.b, category)) if useless else ""
    return JudgedPair(names=names, category=category, calibrated=found, why=why)


def _no_use(found: Calibrated, both: Sequence[BothVerdicts]) -> str:
    """Why a judge is of no use on a pair; empty if nobody has voted."""
    turned = sum(one.a_first * one.b_first < 0 for one in both)
    if turned > _OFTEN * len(both):
        return (
            f"In {turned:,} of {counted(len(both), 'battle')} it chose the same place in both "
            "orders, whichever answer stood there."
        )
    if len({one.preference for one in both}) == 1:
        return "It says the same of every battle, so that it foresees nothing people differ by."
    votes = found.meter.votes
    if 0 < votes < _FEW_VOTES:
        return f"{counted(votes, 'vote')} of people cannot show yet how far to follow it."
    if votes and any(one.known_ms for one in both):
        return (
            "Of answers that are given live it is heard on earlier ones to the same prompt alone, "
            "and these say little of the ones that people voted on."
        )
    return "People's votes do not go along with its votes." if votes else ""
