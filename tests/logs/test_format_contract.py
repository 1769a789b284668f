"""What every format of results or logs must keep, run over all that are found."""

import gzip
import importlib
import math
import re
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from headtohead.core.errors import InputError
from headtohead.files.formats import PLAIN, head_of
from headtohead.logs.opening import FORMATS, RunModule, fits, load, open_calls

_DOCS = Path(__file__).parents[2] / "docs" / "how-to"
_HOLDS = {"scores", "requests", "tokens", "cost", "latency"}
_ALL = pytest.mark.parametrize("name", sorted(FORMATS.by_name))


def _module(name: str) -> RunModule:
    return FORMATS.by_name[name]


def _example(name: str, folder: Path) -> Path:
    module = FORMATS.by_name[name].__name__.rsplit(".", 1)[-1]  # type: ignore[attr-defined]
    tests = importlib.import_module(f"tests.logs.formats.test_{module}")
    make: Callable[[Path], Path] = tests.example
    return make(folder)


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def test_formats_are_found() -> None:
    expected = {"inspect", "lm-eval", "promptfoo", "plain", "openai-batch", "litellm", "otel"}
    assert expected | {"langfuse"} <= set(FORMATS.by_name)


@_ALL
def test_a_format_is_described(name: str) -> None:
    about = _module(name).FORMAT
    assert about.name == name == name.lower()
    assert len(about.about) > 10
    assert about.holds
    assert set(about.holds) <= _HOLDS
    assert len(about.about) + len(about.name) < 100


@_ALL
def test_its_example_is_recognised_by_it_alone(name: str, tmp_path: Path) -> None:
    head = head_of(_example(name, tmp_path))
    fitting = [x for x in FORMATS.by_name if x != PLAIN and fits(_module(x).FORMAT, head)]
    assert fitting == ([] if name == PLAIN else [name])
    assert name != PLAIN or fits(_module(PLAIN).FORMAT, head)


@_ALL
def test_its_calls_are_well_formed(name: str, tmp_path: Path) -> None:
    found = load(_example(name, tmp_path))
    assert found.meta.format == name
    assert found.calls
    keys = [(call.model, call.run, call.key, call.epoch) for call in found.calls]
    assert all(call.key for call in found.calls)
    assert len(set(keys)) == len(keys)
    scores = [call.score for call in found.calls if call.score is not None]
    assert all(math.isfinite(score) for score in scores)
    failures = ("", "error", "format", "empty", "refused", "limit")
    assert all(call.failure in failures for call in found.calls)
    assert all(n > 0 for n in found.dropped.values())
    if "scores" not in _module(name).FORMAT.holds:
        assert not scores
    for call in found.calls:
        if call.usage is not None:
            cached = call.usage.cache_read_tokens + call.usage.cache_write_tokens
            assert cached <= call.usage.input_tokens
            assert call.usage.reasoning_tokens <= call.usage.output_tokens


@_ALL
def test_it_names_what_may_be_the_score(name: str, tmp_path: Path) -> None:
    """So that a message that nothing is scored can say what to type."""
    meta = load(_example(name, tmp_path)).meta
    maps = _module(name).FORMAT.maps
    if name != PLAIN and (maps is None or "score" in maps):
        assert meta.scores
        assert not meta.metric or any(score in meta.metric for score in meta.scores)
    else:
        assert not meta.scores or name == PLAIN


@_ALL
def test_naming_the_format_reads_the_same(name: str, tmp_path: Path) -> None:
    path = _example(name, tmp_path)
    assert load(path, format=name).calls == load(path).calls


@_ALL
def test_a_file_cut_short_is_an_error(name: str, tmp_path: Path) -> None:
    path = _example(name, tmp_path)
    for file, share in product(_files(path), (0.4, 0.7, 0.97)):
        whole = file.read_bytes()
        cut = int(len(whole) * share)
        # At the end of a line nothing shows that a file once went on.
        while whole[cut - 2 : cut + 1].strip(b"\n") != whole[cut - 2 : cut + 1]:
            cut -= 1
        file.write_bytes(whole[:cut])
        for format in ("auto", name):
            with pytest.raises(InputError, match=str(path.parent)):
                load(path, format=format)
        file.write_bytes(whole)
    assert load(path).calls


@_ALL
def test_a_broken_file_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    broken = (b"", b"\n\n", b"\x00\x01\x02\xff", b"{", b"[]", b"hello\n")
    for n, content in enumerate(broken):
        path = tmp_path / f"broken-{n}.json"
        path.write_bytes(content)
        for format in ("auto", name):
            with pytest.raises(InputError, match=rf"broken-{n}\.json"):
                load(path, format=format)


@_ALL
def test_gzip_is_read_through_and_its_damage_seen(name: str, tmp_path: Path) -> None:
    path = _example(name, tmp_path)
    if path.is_dir() or path.suffix in (".eval", ".parquet"):
        pytest.skip("a folder or an archive, compressed by itself")
    zipped = path.with_name(path.name + ".gz")
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert [c.key for c in load(zipped).calls] == [c.key for c in load(path).calls]
    zipped.write_bytes(zipped.read_bytes()[:-9])
    with pytest.raises(InputError, match=str(zipped)):
        load(zipped)


@_ALL
def test_an_unknown_field_to_map_is_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wombat"):
        load(_example(name, tmp_path), mapping={"wombat": "x"})


@_ALL
def test_reading_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    path = _example(name, tmp_path)
    before = {p: p.read_bytes() for p in _files(path)}
    next(open_calls(path).calls)
    assert {p: p.read_bytes() for p in _files(path)} == before
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@_ALL
def test_a_page_says_how_to_read_it(name: str) -> None:
    pages = [f"{p.stem} {p.read_text(encoding='utf-8')}".lower() for p in _DOCS.glob("read-*.md")]
    assert any(re.search(rf"\b{re.escape(name)}\b", page) for page in pages)
