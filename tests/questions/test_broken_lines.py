"""No line of the rating chart joins two scales, or boards that are far apart."""

from datetime import date
from pathlib import Path
from typing import Any

from headtohead.core.dates import Period
from headtohead.core.question import Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.questions import analysis, exhibit_specs
from headtohead.questions.figures import drawing


def test_lines_and_bands_end_where_the_scale_or_the_boards_do(tmp_path: Path) -> None:
    spec = next(s for s in exhibit_specs().values() if s.analysis == "performance.arena_frontier")
    day = date(2026, 11, 28)
    about = Period(date(2023, 1, 1), day)
    facts = Facts(Store(tmp_path))
    answer = facts.ask(analysis(spec.analysis), about=about, as_of=day, scope=spec.scope)
    stretch = {row["observed_on"]: row["stretch_n"] for row in answer.rows}
    assert stretch == {
        date(2025, 1, 28): 0,
        date(2025, 5, 21): 1,
        date(2025, 11, 5): 2,
        date(2025, 12, 11): 2,
        date(2025, 12, 17): 2,
        date(2026, 10, 20): 3,
    }
    layers: list[dict[str, Any]] = spec.chart(drawing(spec, answer.rows, Sides())).to_dict()[
        "layer"
    ]
    joined = [layer for layer in layers if layer["mark"]["type"] in ("line", "area")]
    assert len(joined) == 3
    assert {layer["encoding"]["detail"]["field"] for layer in joined} == {"stretch_n"}
