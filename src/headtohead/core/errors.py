"""Every error that headtohead raises on purpose, and the exit code each one ends with.

HeadToHeadError
├── InputError               exit 64  the caller asked for something wrong
│   ├── UnknownName          exit 64  no such table, source, claim, model, group
│   ├── ClaimsFileError      exit 64  a claims file breaks the rules
│   └── NoEvidence           exit 64  nothing was known by that date
├── EvidenceError            exit 65  the evidence itself is wrong
│   ├── UpstreamChanged      exit 65  a publisher changed its layout
│   ├── DamagedDownload      exit 65  truncated, corrupt or failing its checksum
│   └── DamagedStore         exit 65  the evidence on disk cannot be read
├── StoreBusy                exit 75  another process is writing; try again
├── SourceUnreachable        exit 75  the publisher could not be reached; try again
└── StoreFull                exit 74  the disk is full or not writable
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

EXIT_YES, EXIT_NO, EXIT_UNDECIDED = 0, 1, 2
_LONGEST, _KEPT = 3000, 500  # characters of a line of a message


class HeadToHeadError(Exception):
    """An expected failure: its message says what, where and what to do.

    What was given may be as long as a file: of a longer line the middle is left out.
    """

    exit_code = 70

    def __init__(self, message: str = "", *more: object) -> None:
        super().__init__("\n".join(map(_cut, str(message).split("\n"))), *more)


class InputError(HeadToHeadError):
    """The caller's arguments or file are wrong."""

    exit_code = 64


class UnknownName(InputError):
    """A name that is in no list we know.

    Args:
        kind: What sort of name it is ("table", "source", "claim", ...).
        spelt: Other spellings -> the name each stands for, to suggest from.
        meant: What to suggest, where the caller knows better than by the spelling.

    Attributes:
        near: What is suggested, at most three names.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        spelt: Mapping[str, str] | None = None,
        meant: Iterable[str] = (),
    ) -> None:
        self.kind, self.name, self.known = kind, name, sorted(set(known))
        by_text: dict[str, list[str]] = {}
        for text, one in [*((one, one) for one in self.known), *(spelt or {}).items()]:
            by_text.setdefault(text.casefold(), []).append(one)
        alike = get_close_matches(name[:_KEPT].casefold(), by_text, n=3, cutoff=0.5)
        near = dict.fromkeys(one for text in alike for one in by_text[text])
        self.near = [*meant][:3] or [*near][:3]
        known_words = f"Known: {_list(self.known)}."
        self.hint = known_words if self.known else f"There is no {kind} to choose from here."
        if self.near:
            self.hint = f"Did you mean {' or '.join(self.near)}?"
        super().__init__(f"No {kind} is called {name!r}. {self.hint}")


class NoEvidence(InputError):
    """Nothing in a table was known by the date asked for."""


class ClaimsFileError(InputError):
    """A claims file breaks the rules; one problem a line, each with file, line, field and fix."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class EvidenceError(HeadToHeadError):
    """The evidence breaks its own declaration."""

    exit_code = 65


class UpstreamChanged(EvidenceError):
    """A publisher's file has a field, category or layout that the importer does not know."""

    def __init__(self, source_id: str, where: str, what: str) -> None:
        self.source_id, self.where, self.what = source_id, where, what
        super().__init__(
            f"{source_id}: {what} in {where}. The publisher changed its layout, so nothing was "
            f"taken and the old evidence stands. Update headtohead, or report it with this line."
        )


class DamagedDownload(EvidenceError):
    """A file arrived incomplete or altered."""


class DamagedStore(EvidenceError):
    """The evidence on disk cannot be read."""


class StoreBusy(HeadToHeadError):
    """Another process is writing to the evidence store."""

    exit_code = 75


class StoreFull(HeadToHeadError):
    """The evidence store could not be written."""

    exit_code = 74


class SourceUnreachable(HeadToHeadError):
    """A publisher's address could not be reached."""

    exit_code = 75


def _cut(line: str) -> str:
    if len(line) <= _LONGEST:
        return line
    left_out = f"{len(line) - 2 * _KEPT:,} characters left out"
    return f"{line[:_KEPT]} ... ({left_out}) ... {line[-_KEPT:]}"


def _list(names: list[str], limit: int = 12) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, and {len(names) - limit} more" if len(names) > limit else shown
