"""What a section of the report is: a question, and the exhibits that answer it."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Period
from headtohead.publish.charts import Drawing

if TYPE_CHECKING:
    import altair as alt

Chart = Callable[[Drawing], "alt.LayerChart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitSpec:
    """One chart of a section, with the table behind it.

    Attributes:
        slug: Unique in the report; also its anchor.
        analysis: The analysis that gives its rows, as folder.file.
        subtitle: What is plotted and what the interval is.
        chart: Builds the chart from prepared rows.
        table: Column -> heading, in the order of the data table.
        scope: Scope words for the analysis.
        time: The day or moment column that the slider follows; empty for no slider.
        ends: The day column in which what a row shows ends; the slider can stop there too.
        series: Columns that tell one line from another; long lines are thinned within them.
        needs: Columns without which a row cannot be plotted; it stays in the table.
        since: The window of the analysis starts on this day, if that is earlier than asked.
        note: What a careful reader must know about the picture itself.
        table_first: True if the table is the exhibit and the chart only sums it up.
        beside_cards: True if a folded page shows it with the statements of its section.
        own_time: True if it shows the time the report speaks of; else it runs up to `as_of`.
    """

    slug: str
    analysis: str
    title: str
    subtitle: str
    chart: Chart
    table: Mapping[str, str]
    scope: Mapping[str, Any] = field(default_factory=dict)
    time: str = ""
    ends: str = ""
    series: tuple[str, ...] = ("side_label",)
    needs: tuple[str, ...] = ()
    since: date | None = None
    note: str = ""
    table_first: bool = False
    own_time: bool = False
    beside_cards: bool = False

    def about(self, asked: Period, as_of: date) -> Period:
        """The window to ask the analysis about: to the day of knowledge, unless `own_time`."""
        end = asked.end if self.own_time else max(asked.end, as_of)
        return Period(min(self.since or asked.start, asked.start), end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """The descriptor of one section.

    Attributes:
        slug: Equal to the module's name, and to the `section` of its claims.
        exhibits: Its charts, in reading order.
    """

    slug: str
    title: str
    asks: str
    exhibits: Sequence[ExhibitSpec]


def section(slug: str, *charts: Chart) -> ReportSection:
    """The section that data/report.toml describes, with the builders of its charts."""
    card = dict(_report()[slug])
    builders = {chart.__name__: chart for chart in charts}
    exhibits: dict[str, ExhibitSpec] = {}
    for row in card.pop("exhibits"):
        given: dict[str, Any] = _frozen(row)
        like = exhibits.get(given.pop("like", ""))
        if "chart" in given:
            given["chart"] = builders[given["chart"]]
        exhibits[given["slug"]] = replace(like, **given) if like else ExhibitSpec(**given)
    return ReportSection(slug=slug, exhibits=tuple(exhibits.values()), **card)


@cache
def _report() -> dict[str, dict[str, Any]]:
    text = files("headtohead").joinpath("data/report.toml").read_text("utf-8")
    return tomllib.loads(text)


def _frozen(value: Any) -> Any:  # noqa: ANN401
    """What TOML holds, with lists as tuples."""
    if isinstance(value, dict):
        return {k: _frozen(v) for k, v in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
