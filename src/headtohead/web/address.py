"""Addresses: what a page is about, on which day of knowledge, and in which form it is wanted.

An address is also the name of a file, so that a frozen site needs no server: the day stands in the
path (`on/2025-12-15/versus/gpt-5/deepseek-v3.2`) and the form is a suffix.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args
from urllib.parse import quote

Form = Literal["html", "json", "csv", "png", "svg", "metadata.json", "md", "atom"]
FORMS: tuple[Form, ...] = get_args(Form)
_FIGURES = "figures"
_LONGEST = 400  # characters of an address that are read: no page has a longer one


class Moved(Exception):
    """What was asked for has its page under another path.

    Attributes:
        path: That of the page, as in `Address.path`.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class NoSuchPage(Exception):
    """No page, no figure and no form has this address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where something is.

    Attributes:
        path: Which page, its words joined by "/"; empty for the first page.
        day: The day of knowledge; None for the day on which the site is read.
        figure: Slug of one figure of the page; empty for the whole page.
    """

    path: str = ""
    day: date | None = None
    figure: str = ""
    form: Form = "html"

    @classmethod
    def read(cls, text: str) -> "Address | None":
        """The address that a path of a URL is, already unquoted; None if it can be none."""
        words = text.strip("/").split("/") if text.strip("/") else []
        if len(text) > _LONGEST or any(w in ("", ".", "..") or not w.isprintable() for w in words):
            return None
        day = None
        if len(words) > 1 and words[0] == "on":
            try:
                day = date.fromisoformat(words[1])
            except ValueError:
                return None
            words = words[2:]
        form: Form = "html"
        # The longest first: "metadata.json" is no "json".
        for each in sorted(FORMS, key=len, reverse=True):
            if words and words[-1].endswith(f".{each}") and words[-1] != f".{each}":
                form, words[-1] = each, words[-1].removesuffix(f".{each}")
                break
        figure = ""
        if len(words) > 1 and words[-2] == _FIGURES:
            figure, words = words[-1], words[:-2]
        if words == ["index"]:
            words = []  # the file of the first page; that of the capability index is "capability"
        return cls(path="/".join(words), day=day, figure=figure, form=form)

    def at(self, day: date | None) -> "Address":
        """The same page with what was known on another day."""
        return replace(self, day=day)

    def file(self, html: str = ".html") -> str:
        """As a relative path from the first page on, quoted for an address.

        Args:
            html: What a page ends with: ".html" where it is a file, empty on a server.
        """
        words = [f"on/{self.day}"] if self.day else []
        words += [self.path or ("index" if html or self.form != "html" else "")]
        words += [f"{_FIGURES}/{self.figure}"] if self.figure else []
        suffix = html if self.form == "html" else f".{self.form}"
        joined = "/".join(words)
        return quote(joined + suffix if not joined.endswith("/") else joined, safe="/@:+,")

    @property
    def up(self) -> str:
        """What leads from this page to the first one."""
        return "../" * self.file().count("/")
