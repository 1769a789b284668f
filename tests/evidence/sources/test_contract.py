"""What every source must be: found by listing the folder, so a new one is checked unasked."""

import re
import tomllib
from datetime import date
from itertools import product
from pathlib import Path, PurePosixPath
from typing import get_args

import pytest

from headtohead.core.errors import DamagedDownload, EvidenceError, UpstreamChanged
from headtohead.core.estimate import Evaluator
from headtohead.evidence.catalogue import importer, importers
from headtohead.evidence.folder import fits
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sourcing import RawFile, RawFiles, Source
from headtohead.evidence.tables import tables

_ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 1)
EVERY = pytest.mark.parametrize("source_id", sorted(importers()))
_LICENCE = re.compile(r"^(LicenseRef-)?[A-Za-z0-9][A-Za-z0-9.+-]*$")
_HTTPS = re.compile(r"^https://[a-z0-9.-]+\.[a-z]+(/[^\s]*)?$")


def _source(source_id: str) -> Source:
    return importer(source_id).source


@EVERY
def test_a_source_is_called_like_its_file(source_id: str) -> None:
    assert _source(source_id).source_id == source_id
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", source_id)


@EVERY
def test_a_source_says_who_what_and_how_to_cite(source_id: str) -> None:
    s = _source(source_id)
    for text in (s.publisher, s.product, s.citation, s.licence):
        assert text.strip() == text != ""
    assert s.citation.endswith((".", "/")) or _HTTPS.match(s.citation.split()[-1])
    assert s.evaluator in get_args(Evaluator)
    assert s.ship in ("yes", "figures", "no")


@EVERY
def test_a_licence_is_spdx_or_says_that_it_is_none(source_id: str) -> None:
    s = _source(source_id)
    parts = re.split(r" (?:AND|OR|WITH) ", s.licence)
    assert all(_LICENCE.match(part) for part in parts), s.licence
    if s.ship == "yes":
        assert not any(p.startswith("LicenseRef-") or "-NC" in p for p in parts), s.licence


@EVERY
def test_addresses_are_encrypted(source_id: str) -> None:
    s = _source(source_id)
    for url in (s.url, *(d.url for d in s.downloads)):
        assert _HTTPS.match(url.replace("{since}", "d").replace("{until}", "d")), url


@EVERY
def test_tables_are_declared_and_bounded(source_id: str) -> None:
    s = _source(source_id)
    assert s.rows
    assert set(s.rows) <= set(tables())
    assert all(0 <= fewest < most for fewest, most in s.rows.values())
    assert any(fewest > 0 for fewest, _ in s.rows.values())


@EVERY
def test_what_is_downloaded_is_what_is_read(source_id: str) -> None:
    s = _source(source_id)
    names = [d.name for d in s.downloads]
    assert len(set(names)) == len(names)
    for name in names:
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert not any(part.startswith(".") for part in path.parts)
        assert fits(s, name), f"{name} fits none of {s.patterns}"
    assert s.patterns
    assert s.downloads or s.how_to_get.strip()
    assert all(re.fullmatch(r"([0-9a-f]{64})?", d.sha256) for d in s.downloads)


@EVERY
def test_no_files_are_an_error_not_an_empty_import(source_id: str) -> None:
    with pytest.raises((UpstreamChanged, DamagedDownload), match=source_id):
        frames_of(importer(source_id), RawFiles(source_id, (), DAY))


_NAMES = {"*": "2026-10", "?": "x"}


def _fitting(source: Source) -> set[str]:
    """A name for each download, and for each pattern."""
    names = {d.name for d in source.downloads}
    for pattern in source.patterns:
        for sign, text in _NAMES.items():
            pattern = pattern.replace(sign, text)
        names.add(pattern)
    return names


RUBBISH = (
    b"",
    b"\x00\xff\xfe garbage",
    b"<!DOCTYPE html><title>Not here</title>",
    b"{}",
    b"[]",
    b"null",
    b'[{"a": {"b": [1, "2", null]}}]',
    b'{"data": [{"a": 1}], "models": {"x": 3}, "a": null}',
    b"a,b\n1,2\n3\n",
    b"- a: 1\n  b: [2\n",
    b"\x1f\x8b\x08\x00 cut",
    b"PK\x03\x04 cut",
    b"PAR1 cut PAR1",
)


@EVERY
def test_rubbish_is_refused_with_the_sources_name(source_id: str) -> None:
    found = importer(source_id)
    names = sorted(_fitting(found.source))
    for content, chosen in product(RUBBISH, (names, *([name] for name in names))):
        files = tuple(RawFile(name, content) for name in chosen)
        refused = None
        try:
            frames_of(found, RawFiles(source_id, files, DAY))
        except EvidenceError as error:
            refused = error
        assert refused, f"{content!r} is taken for {', '.join(chosen)}"
        said = str(refused)
        assert source_id in said or any(n in said for n in chosen), (content, said)
        assert refused.exit_code == 65, content


@EVERY
def test_the_reference_page_lists_it(source_id: str) -> None:
    page = (_ROOT / "docs" / "reference" / "sources.md").read_text(encoding="utf-8")
    assert f"\n## {source_id}\n" in page


@EVERY
def test_its_test_file_is_there(source_id: str) -> None:
    assert (_ROOT / "tests" / "evidence" / "sources" / f"test_{source_id}.py").is_file()


@EVERY
def test_what_may_ship_agrees_with_the_manifest(source_id: str, shared_evidence: Path) -> None:
    vintages = tomllib.loads((_ROOT / "scripts" / "vintages.toml").read_text(encoding="utf-8"))
    if source_id not in vintages:
        pytest.skip(f"{source_id} has no raw files in the evidence folder")
    manifest = tomllib.loads((shared_evidence / "MANIFEST.toml").read_text(encoding="utf-8"))
    stated, _, part = manifest[vintages[source_id]["folder"]]["ship"].partition(" ")
    # "yes (these rows only)": another source of the same folder may hold the rows that stay out.
    assert _source(source_id).ship in ({stated, "no"} if part else {stated})
