"""What the votes of an arena say: its leaderboard and its stop meters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headtohead.arena.board import BoardView
from headtohead.arena.judge_worth import JudgeView
from headtohead.arena.meter import StopMeter
from headtohead.core.estimate import Interval
from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet

if TYPE_CHECKING:
    from headtohead.ratings.result import RankResult


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ArenaResult(Result):
    """The leaderboard of an arena and its stop meters.

    Attributes:
        title: The arena's.
        view: The board with what an arena knows besides: prices, times, who met whom.
    """

    title: str
    view: BoardView

    @property
    def ranked(self) -> "RankResult | None":
        """The result of `rank` on the votes; None if there is none yet, and `view.why` says why."""
        return self.view.ranked

    @property
    def meters(self) -> tuple[tuple[str, StopMeter], ...]:
        """Category, empty for all, and stop meter of each pair of sides."""
        return self.view.meters

    @property
    def sheet(self) -> Sheet:
        """How it is shown."""
        from headtohead.arena.sheet import arena_sheet

        return arena_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints and the REST route gives."""
        ranked = self.ranked.as_json() if self.ranked else envelope("", None, None, (), ())
        return ranked | {
            "verb": "arena board",
            "title": self.title,
            "votes_counted": self.view.votes,
            "votes_named": self.view.named,
            "why": self.view.why,
            "retired": list(self.view.retired),
            "meters": [_meter_json(category, meter) for category, meter in self.meters],
            "judge": _judge_json(self.view.judge) if self.view.judge else None,
        }


def _ends(interval: Interval | None) -> dict[str, object] | None:
    if interval is None:
        return None
    return {name: finite(getattr(interval, name)) for name in ("value", "low", "high")}


def _judge_json(judge: JudgeView) -> dict[str, Any]:
    bias = judge.bias
    length, family = (bias.length, bias.family) if bias else (None, None)
    return {
        "model": judge.model,
        "says": judge.sentence,
        "remarks": list(judge.remarks),
        "battles": judge.battles,
        "unread": judge.unread,
        "battles_with_people": judge.shared,
        "votes_saved": judge.saved,
        "agreement_frac": _ends(judge.agreement.raw if judge.agreement else None),
        "kappa": _ends(judge.agreement.kappa if judge.agreement else None),
        "place_preference": _ends(bias.position.net if bias else None),
        "length_slope": _ends(length.judge if length else None),
        "length_slope_beyond_people": _ends(length.extra if length else None),
        "family_preference": _ends(family.judge if family else None),
        "family_preference_beyond_people": _ends(family.extra if family else None),
        "pairs": [
            {
                "category": pair.category,
                "sides": list(pair.names),
                "says": list(pair.sentences),
                "votes_saved": pair.saved,
                "people": _meter_json(pair.category, pair.calibrated.people)
                if pair.calibrated
                else None,
                "with_judge": _meter_json(pair.category, pair.calibrated.meter)
                if pair.calibrated
                else None,
            }
            for pair in judge.pairs
        ],
    }


def _meter_json(category: str, meter: StopMeter) -> dict[str, Any]:
    return {
        "category": category,
        "sides": list(meter.names),
        "verdict": meter.verdict,
        "says": meter.sentence,
        "forecast": meter.forecast,
        "cautions": list(meter.cautions),
        "share_frac": _ends(meter.share),
        "margin_pp": meter.margin_pp,
        "level": meter.level,
        "votes": meter.votes,
        "decided_at": meter.decided_at,
        "more_votes": _ends(meter.more),
    }
