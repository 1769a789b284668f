"""What judging a season gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headtohead.publish.machine import envelope, figure_json, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet
from headtohead.trading.judging import Judgement


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JudgeResult(Result):
    """A season judged.

    Attributes:
        judgement: Every number, as objects.
        sheet: How it is shown.
    """

    judgement: Judgement
    sheet: Sheet

    def asked_with(self, command: str) -> "JudgeResult":
        """The result, with the command that makes it again."""
        return replace(self, sheet=replace(self.sheet, command=command))

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        sheet = self.sheet
        return {
            **envelope(sheet.verb, None, None, results(self.judgement, sheet), sheet.sources),
            "verdict": sheet.answer,
            "word": sheet.word,
            "sentence": sheet.sentence,
            "notes": list(sheet.notes),
            "sections": [figure_json(figure) for figure in sheet.figures],
        }


def results(judgement: Judgement, sheet: Sheet) -> Sequence[Mapping[str, Any]]:
    """Every number, each with what it needs to stand alone."""
    sources = [source.source_id for source in sheet.sources]
    shared = {"level": judgement.level, "source_ids": sources}
    rows: list[dict[str, Any]] = []
    for v in judgement.verdicts:
        drawn = v.drawn(judgement.level)
        rows += [
            {
                "label": f"{name}, {v.account.agent}",
                "value": m.value,
                "low": finite(m.interval and m.interval.low),
                "high": finite(m.interval and m.interval.high),
                "unit": m.unit,
                "method": m.method,
                "n": m.n,
                "n_of": m.n_of,
                **shared,
            }
            for name, m in v.account.measures.items()
        ]
        rows.append(
            {
                "label": f"chance that luck does as well, {v.account.agent}",
                "value": v.chance,
                "low": drawn and drawn.low,
                "high": drawn and drawn.high,
                "corrected": v.corrected,
                "worse": v.worse,
                "deflated_sharpe": v.deflated,
                "unit": "frac",
                "method": f"compared with: {v.basis}",
                "tried": judgement.tried,
                "verdict": v.answer,
                **shared,
            }
        )
    rows += [
        {
            "label": f"account of {p.a} over that of {p.b}",
            "value": finite(p.ratio.value),
            "low": finite(p.ratio.low),
            "high": finite(p.ratio.high),
            "unit": "ratio",
            "method": "stationary bootstrap, jointly for all pairs (Bonferroni)",
            "p_value": p.p,
            "n": p.n,
            "n_of": "steps",
            **shared,
        }
        for p in judgement.pairs
    ]
    return rows
