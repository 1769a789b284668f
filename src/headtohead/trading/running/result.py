"""What a run of trading agents gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from headtohead.core.estimate import Interval
from headtohead.publish.machine import envelope, figure_json
from headtohead.publish.result import Result
from headtohead.publish.sheet import Answer, Sheet
from headtohead.trading.running.runner import Played, RunPlan
from headtohead.trading.running.settings import span_text
from headtohead.trading.running.summing import Contender


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRun:
    """A run with every number.

    Attributes:
        agents: The best mean return first.
        tried: How many agents or variants were tried in all, those of this run among them.
        spent_usd: Cost of all answers, of unfinished windows too; None where nothing is billed.
        unsure_usd: At most so much more may be billed.
        log: Where the decisions lie.
    """

    course: RunPlan
    played: Played
    agents: tuple[Contender, ...]
    baselines: tuple[Contender, ...]
    tried: int
    alpha: float
    level: float
    spent_usd: float | None
    unsure_usd: float
    log: Path

    @property
    def days(self) -> float:
        """Length of a window."""
        return self.course.windows.bars * self.course.market.bar / timedelta(days=1)

    @property
    def every(self) -> str:
        """From one decision to the next, in words."""
        return span_text(self.course.windows.every * self.course.market.bar)

    def ends_of(self, window: int) -> tuple[datetime, datetime]:
        """Start and end of a window."""
        market, windows = self.course.market, self.course.windows
        start = market.start + int(windows.first[window]) * market.bar
        return start, start + windows.bars * market.bar

    def verdict(self, agent: Contender) -> Answer:
        """yes: better than luck explains; no: worse; none: it never traded."""
        luck = agent.luck
        if luck is None:
            return "none"
        if luck.corrected <= self.alpha:
            return "yes"
        return "no" if luck.worse <= self.alpha else "undecided"

    @property
    def answer(self) -> Answer:
        """Of all: yes if one is better than luck explains, no if each is worse, else undecided.

        Undecided too if none ever traded, so that nothing that fails at every turn passes a gate.
        """
        answers = [self.verdict(agent) for agent in self.agents]
        order: tuple[Answer, ...] = ("yes", "undecided", "no")
        return next((answer for answer in order if answer in answers), "undecided")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunResult(Result):
    """A run of trading agents, and how it is shown."""

    details: TradeRun
    sheet: Sheet

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        sheet = self.sheet
        rows = [_with(row, sheet) for row in _rows(self.details)]
        return {
            **envelope(sheet.verb, None, sheet.as_of, rows, sheet.sources),
            "verdict": sheet.answer,
            "word": sheet.word,
            "sentence": sheet.sentence,
            "notes": list(sheet.notes),
            "log": str(self.details.log),
            "sections": [figure_json(figure) for figure in sheet.figures],
        }


def _with(row: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    return {**row, "source_ids": [source.source_id for source in sheet.sources]}


def _rows(run: TradeRun) -> Iterator[dict[str, Any]]:
    """Every number, each with what it needs to stand alone."""
    shared = {"level": run.level, "n": len(run.played.windows), "n_of": "windows"}
    for one in (*run.agents, *run.baselines):
        yield {
            "label": f"mean return of a window, {one.name}",
            "kind": one.kind,
            **_interval(one.returned_pct),
            "unit": "pct",
            "method": "bootstrap over windows",
            **shared,
            "drawdown_pct": one.drawdown_pct,
            "deepest_drawdown_pct": one.deepest_pct,
            "liquidated_n": one.liquidated_n,
            "decisions_n": one.decisions_n,
            "rejected": dict(one.rejected),
            "failed": dict(one.failed),
            "cost_usd": one.cost_usd,
        }
    for one in run.agents:
        for difference in one.differences:
            yield {
                "label": f"{one.name} minus {difference.baseline}",
                **_interval(difference.pp),
                "unit": "pp",
                "method": "Student's t over the same windows, jointly for all (Bonferroni)",
                "p_value": difference.p,
                **shared,
            }
        yield {
            "label": f"chance that luck does as well, {one.name}",
            "value": one.luck and one.luck.chance,
            "corrected": one.luck and one.luck.corrected,
            "worse": one.luck and one.luck.worse,
            "tried": run.tried,
            "unit": "frac",
            "method": "random agents with the same bets on coins and sides drawn anew",
            "verdict": run.verdict(one),
            **shared,
        }


def _interval(interval: Interval) -> dict[str, float | None]:
    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {k: v if abs(v) != float("inf") else None for k, v in ends.items()}
