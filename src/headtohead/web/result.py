"""What became of a folder of pages, as every door hands it out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.core.units import counted
from headtohead.publish.machine import JSON_SCHEMA
from headtohead.publish.result import Result
from headtohead.publish.sheet import Figure, Sheet, TableColumn, Topic


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FrozenSite(Result):
    """What became of a folder of pages.

    Attributes:
        out: The folder.
        as_of: The day of knowledge of the pages whose address has none.
        pages: How many pages there are now, in HTML.
        files: How many files, with their data and pictures.
        written: How many files are new or differ from what was there.
        removed: How many files of an earlier site are no longer part of it.
        size_bytes: Of all files.
        broken: (page, address it leads to) where no file has that address.
    """

    out: str
    as_of: date
    pages: int
    files: int
    written: int
    removed: int
    size_bytes: int
    broken: tuple[tuple[str, str], ...] = ()

    @property
    def sheet(self) -> Sheet:
        """What was written, and every link that leads nowhere."""
        size = f"{self.size_bytes / 1e6:,.1f} MB"
        says = (
            f"{counted(self.pages, 'page')} with what was known by {self.as_of}, "
            f"{counted(self.files, 'file')} of {size} in all, in {self.out}: "
            f"{self.written:,} written, {self.removed:,} removed."
        )
        links = Figure(
            "links",
            "Links that lead nowhere",
            columns=(TableColumn("page", "Page"), TableColumn("link", "Leads to")),
            rows=self.broken,
        )
        return Sheet(
            verb="site",
            title="The site as files",
            sentence=says,
            topics=(Topic(figures=(links,)),) if self.broken else (),
        )

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h site --json` prints."""
        return {
            "verb": "site",
            "as_of": self.as_of.isoformat(),
            "out": self.out,
            "pages": self.pages,
            "files": self.files,
            "written": self.written,
            "removed": self.removed,
            "size_bytes": self.size_bytes,
            "broken_links": [{"page": page, "link": link} for page, link in self.broken],
            "schema": JSON_SCHEMA,
        }
