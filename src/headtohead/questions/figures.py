"""An exhibit as a figure of a sheet: its table, chart, slider, download, and the rows it plots."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING, Any

from headtohead.core.estimate import Citation
from headtohead.core.question import Exhibit, Sides
from headtohead.core.units import show, unit_of, units
from headtohead.evidence.words import in_plain_words
from headtohead.names.names import Names, nationality
from headtohead.publish.charts import ChartRow, Drawing
from headtohead.publish.machine import bare
from headtohead.publish.sheet import Cell, DataTable, Figure, Linked, Row, Slider, TableColumn
from headtohead.publish.words import plain, web_address
from headtohead.questions.exhibit import ExhibitSpec
from headtohead.questions.findings import finding

if TYPE_CHECKING:
    import altair as alt

MOST_POINTS = 2000
_OTHERS = 3
_DAY_MS = 86_400_000
NO_SIDE = "not stated"


def drawing(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]], sides: Sides) -> Drawing:
    """The rows of one exhibit, ready to plot."""
    kept = [row for row in rows if all(_given(row.get(c)) for c in spec.needs)]
    labels = [side_label(row, sides) for row in kept]
    order = _order(labels, sides)
    known = by_known(spec, rows)
    drawn = [
        _chart_row(row, label if label in order else "other", order, spec, known)
        for row, label in zip(kept, labels, strict=True)
    ]
    until = max((max(row["seen_ms"], row.get("end_ms", 0)) for row in drawn), default=0)
    return Drawing(tuple(_thinned(drawn, spec)), order, until)


def side_label(row: Mapping[str, Any], sides: Sides) -> str:
    """The side of a row, as a reader calls it; its country where no side can be told."""
    value = row.get("side") or row.get("country")
    if sides.group != "country" and row.get(sides.group):
        value = row[sides.group]
    if not value and row.get("subject") in Names.load().countries():
        value = row["subject"]
    return plain(nationality(str(value)), 40) if value else NO_SIDE


def by_known(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the slider can follow the day of knowledge: the rows became known bit by bit.

    A publisher that tells of many years in a few editions gives a slider with a few places; the
    day of the event serves better then.
    """
    if not spec.time or len({row.get("known_on") for row in rows} - {None}) < 3:
        return False
    events = {milliseconds(row.get(spec.time)) // _DAY_MS for row in rows}
    known = {_seen(row, spec, known=True) for row in rows}
    return 2 * len(known) >= len(events)


def seen_days(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> list[date]:
    """The days at which the slider can stop, oldest first; none if it has nothing to show."""
    if not spec.time:
        return []
    known = by_known(spec, rows)
    kept = [row for row in rows if all(_given(row.get(c)) for c in spec.needs)]
    seen = {_seen(row, spec, known=known) for row in kept}
    ends = {milliseconds(row.get(spec.ends)) for row in kept} - {0} if spec.ends else set()
    days = {datetime.fromtimestamp(ms / 1000, UTC).date() for ms in seen | ends}
    return sorted(days) if len(days) > 1 else []


def milliseconds(value: object) -> int:
    """A day (its midnight) or a moment as milliseconds since 1970, UTC; 0 for anything else."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime.combine(value, time(), UTC)
    else:
        return 0
    return round(moment.timestamp() * 1000)


def _given(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _order(labels: Iterable[str], sides: Sides) -> tuple[str, ...]:
    """The two sides compared, the most frequent others, and "other" for the rest."""
    both = [plain(nationality(s), 40) for s in (sides.a, sides.b)]
    counts = Counter(label for label in labels if label not in both)
    ranked = sorted(counts, key=lambda label: (label == NO_SIDE, -counts[label], label))
    rest = ["other"] if len(ranked) > _OTHERS else []
    return tuple(dict.fromkeys([*both, *ranked[:_OTHERS], *rest]))


def _seen(row: Mapping[str, Any], spec: ExhibitSpec, *, known: bool) -> int:
    """The moment from which a row is shown: a whole day is seen from its midnight on."""
    moment = milliseconds(row.get(spec.time)) // _DAY_MS * _DAY_MS
    return max(moment, milliseconds(row.get("known_on"))) if known else moment


def _chart_row(
    row: Mapping[str, Any], label: str, order: Sequence[str], spec: ExhibitSpec, known: bool
) -> ChartRow:
    drawn: ChartRow = {
        c: plain(v, 60) if isinstance(v, str) else bare(v)
        for c, v in row.items()
        if c not in _NOT_PLOTTED
    }
    drawn["side_label"], drawn["side_n"] = label, order.index(label)
    # One column for the axis and one to reckon with: Vega reads each column as one type only.
    drawn["t_ms"] = drawn["row_ms"] = milliseconds(row.get(spec.time)) if spec.time else 0
    drawn["seen_ms"] = _seen(row, spec, known=known) if spec.time else 0
    if spec.ends:
        drawn["end_ms"] = milliseconds(row.get(spec.ends))
    return drawn


_NOT_PLOTTED = ("note", "row_url", "join_rule", "source_id", "verified", "vintage", "side")


def _thinned(rows: list[ChartRow], spec: ExhibitSpec) -> list[ChartRow]:
    """At most `MOST_POINTS` rows: of each stretch of a line its first, lowest and highest."""
    if len(rows) <= MOST_POINTS or not spec.needs:
        return rows[:MOST_POINTS]
    lines: dict[tuple[Any, ...], list[ChartRow]] = {}
    for row in rows:
        lines.setdefault(tuple(row.get(c) for c in spec.series), []).append(row)
    share = MOST_POINTS / len(rows)
    return [kept for line in lines.values() for kept in _thin_line(line, share, spec.needs[0])]


def _thin_line(line: list[ChartRow], share: float, value: str) -> list[ChartRow]:
    line = sorted(line, key=lambda row: row["t_ms"])
    buckets = max(1, int((len(line) * share - 1) // 3))
    kept = {len(line) - 1}
    for n in range(buckets):
        span = range(n * len(line) // buckets, (n + 1) * len(line) // buckets)
        if span:
            kept |= {span[0], min(span, key=lambda i: line[i][value])}
            kept.add(max(span, key=lambda i: line[i][value]))
    return [line[i] for i in sorted(kept)]


def exhibit_figure(
    spec: ExhibitSpec, exhibit: Exhibit, sides: Sides, known: Mapping[str, Citation]
) -> Figure:
    """An exhibit as a figure of a sheet."""
    answer, rows = exhibit.answer, exhibit.answer.rows
    cited = {**known, **{c.source_id: c for c in exhibit.citations}}
    names = tuple(dict.fromkeys(c for row in rows for c in row))
    columns = _columns(spec, rows)
    found = finding(exhibit, sides)
    return Figure(
        spec.slug,
        found or spec.title,
        f"{spec.title}. {spec.subtitle}" if found else spec.subtitle,
        says=answer.says,
        columns=columns,
        rows=tuple(_row(columns, row, sides, cited) for row in rows),
        shown=20,
        remarks=answer.notes,
        chart=partial(_chart, spec, exhibit, sides),
        slider=_slider(spec, rows),
        note=spec.note,
        table_first=spec.table_first,
        beside_cards=spec.beside_cards,
        numbers=answer.estimates,
        missing=answer.missing,
        sources=exhibit.citations,
        about=str(exhibit.about),
        data=DataTable(
            tuple(TableColumn(c, spec.table.get(c, plain(c, 80).replace("_", " "))) for c in names),
            tuple(tuple(row.get(c) for c in names) for row in rows),
        ),
        metadata={"analysis": exhibit.analysis},
    )


def _chart(spec: ExhibitSpec, exhibit: Exhibit, sides: Sides) -> "alt.LayerChart | None":
    drawn = drawing(spec, exhibit.answer.rows, sides)
    return spec.chart(drawn) if drawn.rows else None


def _slider(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> Slider | None:
    days = seen_days(spec, rows)
    if not days:
        return None
    known = max((r["known_on"] for r in rows if isinstance(r.get("known_on"), date)), default=None)
    return Slider(tuple(map(str, days)), by_known(spec, rows), str(known or ""))


def _columns(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> tuple[TableColumn, ...]:
    """The declared columns that some row has, then where each row comes from."""
    kept = []
    for name, title in spec.table.items():
        values = [row[name] for row in rows if row.get(name) is not None]
        number = bool(values) and all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in values
        )
        if any(name in row for row in rows):
            kept.append(TableColumn(name, title, 0 if number else None))
    kept += [TableColumn("known_on", "Known on"), TableColumn("source", "Source")]
    marks = any(row.get("note") or row.get("verified") is False for row in rows)
    return (*kept, *((TableColumn("remarks", "Remarks"),) if marks else ()))


def _row(
    columns: Sequence[TableColumn],
    row: Mapping[str, Any],
    sides: Sides,
    cited: Mapping[str, Citation],
) -> Row:
    cells: dict[str, Cell] = {c.name: cell(row, c.name, sides) for c in columns}
    source = cited.get(str(row.get("source_id")))
    url = web_address(row.get("row_url")) or (source.url if source else "")
    name = plain(source.publisher if source else row.get("source_id"), 80)
    cells["known_on"] = row.get("known_on")
    cells["source"] = Linked(name, url)
    unsure = "unverified" if row.get("verified") is False else ""
    cells["remarks"] = "; ".join(filter(None, (unsure, plain(row.get("note")))))
    return tuple(cells[column.name] for column in columns)


def cell(row: Mapping[str, Any], column: str, sides: Sides) -> Cell:
    """What a row holds in a column, with its unit."""
    value = row.get(column)
    if column == "side":
        return side_label(row, sides)
    if value is None:
        return "not known" if column.endswith("_open") else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A number with its unit: from the row where it has one, else from the column's name.
        if bare(value) is None:
            return "–"
        own = str(row.get("unit", ""))
        if column in ("value", "low_value", "high_value") and own in units():
            return show(value, own)
        unit = unit_of(column)
        if unit is None or unit.suffix == "value":
            return f"{value:,.6g}"
        if unit.suffix in ("elo", "index"):
            return f"{value:,.{unit.digits}f}"
        return show(value, unit.suffix)
    if isinstance(value, bool | date):
        return value
    return in_plain_words(column, plain(value, 200))
