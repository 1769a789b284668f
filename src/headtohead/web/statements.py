"""The files of claims on a site: the built-in one, and those that it was started with, by name."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from headtohead.claims.claim import ClaimsFile
from headtohead.claims.verdict import claims_of
from headtohead.core.errors import ClaimsFileError, InputError, UnknownName
from headtohead.evidence.facts import Facts
from headtohead.web.address import Address

_LONGEST = 150  # bytes: with a suffix still the name of a file anywhere
_NO_FILE = re.compile(r'[<>:"|?*\\]|^[.\s]|[.\s]$')  # what names no file on some host of sites


class Statements:
    """Every statement that a site has a page of.

    Args:
        paths: Files of claims beside the built-in one.

    Raises:
        InputError: If two files have one name, or a name can be no word of an address.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self.paths = tuple(paths)
        self.files: Mapping[str, Path] = {path.stem: path for path in self.paths}
        if len({name.casefold() for name in self.files}) < len(self.paths):
            raise InputError(
                "`claims`: two files have the same name without its suffix, and so would their "
                "pages. Rename one."
            )
        for name, path in self.files.items():
            if not _is_word(name):
                raise InputError(
                    f"`claims`: {path} cannot be named in an address of a page. Rename it, with "
                    "letters, digits and - alone."
                )

    def path(self, name: str) -> Path:
        """The file of a name, in any case.

        Raises:
            UnknownName: If the site has none of that name.
        """
        found = {own.casefold(): path for own, path in self.files.items()}.get(name.casefold())
        if found is None:
            raise UnknownName("claims file", name, self.files)
        return found

    def of(self, facts: Facts, path: Path | None) -> ClaimsFile:
        """A file of the site, read once for a day; the built-in one if None.

        Raises:
            ClaimsFileError: If it is wrong, with file and line.
        """
        return facts.once(("claims file", path), lambda: claims_of(facts, path))

    def check(self, facts: Facts) -> None:
        """Whether every statement can have a page.

        Raises:
            ClaimsFileError: With file and line of all that is wrong with any file.
        """
        built_in = {claim.id.casefold() for claim in self.of(facts, None).claims}
        problems = [
            f"{path}: a built-in claim has the id {name}, and so the address of its page. Rename "
            "the file."
            for name, path in self.files.items()
            if name.casefold() in built_in
        ]
        for path in self.paths:
            try:
                ids = [claim.id for claim in self.of(facts, path).claims]
            except ClaimsFileError as error:
                problems += error.problems
                continue
            lines = path.read_text("utf-8").splitlines()
            seen = Counter(map(str.casefold, ids))
            problems += [
                f"{path.name}: {one!r} is the id of several claims but for capital letters, and so "
                "would be the address of their pages. Rename one."
                for one, n in seen.items()
                if n > 1
            ]
            problems += [
                f"{path.name}:{next((n for n, text in enumerate(lines, 1) if one in text), 1)}: "
                f"{one!r} cannot be named in an address. Write letters, digits and - alone."
                for one in ids
                if not _is_word(one)
            ]
        if problems:
            raise ClaimsFileError(problems)

    def readable(self, facts: Facts) -> Iterator[tuple[str, ClaimsFile]]:
        """Each file with its name, the built-in one first and with none; those that can be read."""
        for name, path in (("", None), *self.files.items()):
            try:
                file = self.of(facts, path)
            except ClaimsFileError:
                continue
            yield name, file


def page_path(name: str, claim_id: str = "") -> str:
    """The path of a claim's page, or of its whole file; of the built-in one if it has no name."""
    return "/".join(filter(None, ("claims", name, claim_id)))


def _is_word(text: str) -> bool:
    """Whether a text stands in an address as it is, and means nothing else there."""
    path = f"claims/{text}/{text}"
    file_name = len(text.encode()) <= _LONGEST and not _NO_FILE.search(text)
    return file_name and "/" not in text and Address.read(path) == Address(path=path)
