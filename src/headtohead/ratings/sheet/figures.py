"""One figure of a ranking: its chart, its table, its sources, and what a download holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headtohead.claims.exhibits import DATA_ROWS, TABLE_ROWS, CellView, ExhibitView
from headtohead.core.units import unit_of
from headtohead.publish.chartspec import PRINT_INK, frame, specification
from headtohead.publish.citing import (
    HowToCite,
    SourceView,
    content_hash,
    how_to_cite,
    source_views,
)
from headtohead.publish.envelope import citation_json
from headtohead.publish.escaping import plain, web_address
from headtohead.publish.machine import bare as cell
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.naming import (
    LONG,
    SHORT,
    distinct,
    finite,
    group_labels,
    models_of,
    number,
)

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Setting:
    """What every figure of one page shares.

    Attributes:
        result: The ranking.
        version: Of this package.
    """

    result: RankResult
    version: str

    @cached_property
    def short(self) -> dict[str, str]:
        """Model -> a distinct name of at most `SHORT` characters, for axes."""
        return distinct(models_of(self.result), SHORT)

    @cached_property
    def long(self) -> dict[str, str]:
        """Model -> a distinct name of at most `LONG` characters, for tables."""
        return distinct(models_of(self.result), LONG)

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Model -> group."""
        return group_labels(self.result)

    @cached_property
    def sources(self) -> tuple[SourceView, ...]:
        """The votes as a source."""
        return tuple(source_views(self.result.citations).values())

    @property
    def about(self) -> str:
        """The time of the votes; empty if they carry none."""
        return str(self.result.about or "")

    @property
    def as_of(self) -> str:
        """The day of our knowledge; empty if none was given."""
        return str(self.result.as_of or "")

    def name(self, model: str) -> str:
        """A model's name for a table."""
        return self.long.get(model) or plain(model, LONG)

    def cite(self, title: str, data: object) -> tuple[HowToCite, str]:
        """How to cite one figure, and the hash of its numbers."""
        digest = content_hash({"title": title, "data": data})
        sources = [source.name for source in self.sources]
        made = how_to_cite(
            title, about=self.about, as_of=self.result.as_of, digest=digest, version=self.version,
            sources=sources,
        )  # fmt: skip
        return made, digest

    def frame(self, title: str, subtitle: str) -> dict[str, Any]:
        """What stands around a chart that is taken away."""
        names = "; ".join(source.name for source in self.sources)
        licences = sorted({source.licence for source in self.sources if source.licence})
        known = f" Known by {self.as_of}." if self.as_of else ""
        footer = [f"Data: {names or 'none named'}.", f"Made with headtohead.{known}"]
        if licences:
            footer.insert(1, f"Licence of the data: {', '.join(licences)}.")
        return frame(title, subtitle, footer, PRINT_INK)

    def metadata(
        self, slug: str, title: str, subtitle: str, says: str, table: "Table", cite: HowToCite,
        digest: str, notes: Sequence[str] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """What the file beside the CSV says of it."""
        settings = {k: cell(v) if isinstance(v, float) else v
                    for k, v in self.result.settings.as_json().items()}  # fmt: skip
        return {
            "slug": slug,
            "title": title,
            "subtitle": subtitle,
            "about": self.about or None,
            "as_of": self.as_of or None,
            "rows": min(len(table.data), DATA_ROWS),
            "rows_left_out": max(0, len(table.data) - DATA_ROWS),
            "finding": says,
            "method": self.result.settings.method(),
            "settings": settings,
            "notes": list(notes),
            "columns": {
                name: {"title": title, "unit": _unit(name)} for name, title in table.columns.items()
            },
            "sources": [
                citation_json(c) | {"url": web_address(c.url)} for c in self.result.citations
            ],
            "content_sha256": digest,
            "citation": cite.plain,
            "bibtex": cite.bibtex,
            "made_with": f"headtohead {self.version}",
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one figure.

    Attributes:
        headings: Of the table on the page.
        rows: Of the table on the page.
        columns: Column of the download -> its title.
        data: Rows of the download.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[CellView, ...], ...]
    columns: Mapping[str, str]
    data: tuple[tuple[Value, ...], ...]


def figure(
    setting: Setting,
    slug: str,
    title: str,
    subtitle: str,
    table: Table,
    *,
    says: str = "",
    chart: Any = None,  # noqa: ANN401 - altair's layers have no common public type
    note: str = "",
    notes: Sequence[str] = (),
) -> ExhibitView:
    """A figure as pages show it.

    Args:
        setting: What the page shares.
        slug: Its anchor.
        title: In words.
        subtitle: In words.
        table: Its rows.
        says: What it shows.
        chart: The chart; None for a table alone.
        note: About the picture.
        notes: What a careful reader must know.
    """
    data = {
        "columns": list(table.columns),
        "rows": [[_clean(value) for value in row] for row in table.data[:DATA_ROWS]],
    }
    cite, digest = setting.cite(title, data)
    return ExhibitView(
        slug=slug,
        title=title,
        subtitle=subtitle,
        says=says,
        headings=table.headings,
        rows=table.rows[:TABLE_ROWS],
        rows_n=len(table.rows),
        sources=setting.sources,
        spec=specification(chart, f"{title}. {subtitle}") if chart is not None else None,
        frame=setting.frame(title, subtitle),
        data=data,
        metadata=setting.metadata(
            slug, title, subtitle, says, table, cite, digest, [n for n in (note, *notes) if n]
        ),
        cite=cite,
        note=note,
        table_first=chart is None,
        chartless=chart is None,
        about=setting.about,
        as_of=setting.as_of,
        notes=tuple(notes),
    )


def words_cell(text: object) -> CellView:
    """A cell of text that others may have written."""
    return CellView(plain(text, LONG))


def number_cell(value: float | None, digits: int = 0) -> CellView:
    """A cell with a number; a dash for none."""
    return CellView("–" if value is None else number(value, digits), number=True)


def text_cell(text: str) -> CellView:
    """A cell with a number that is written already."""
    return CellView(text, number=True)


def _clean(value: Value) -> Value:
    if isinstance(value, str):
        return plain(value)
    return finite(value) if isinstance(value, float) else value


def _unit(column: str) -> str:
    found = unit_of(column)
    return found.label if found else ""
