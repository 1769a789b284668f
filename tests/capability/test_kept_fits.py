"""Fits are kept on disk: the same numbers with and without, and whatever becomes of the files."""

import errno
import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.capability.few_draws import drawing
from tests.capability.kept import kept, made, scores

from headtohead.capability import fitted, kept_fits
from headtohead.capability.irt.eci import fit_eci
from headtohead.capability.irt.index import Index, fit_eci_index, fit_index, fit_parts
from headtohead.capability.kept_fits import kept_index, kept_indexes
from headtohead.cli import main


def plain(n: int = 0, seed: int = 1, **how: Any) -> Index:
    """The fit as nothing keeps it but this module, which makes each once."""
    key = repr((n, seed, how))
    if key not in _PLAIN:
        rng = np.random.default_rng(seed)
        _PLAIN[key] = fit_index(scores(n), rng=rng, **{"draws": 100, **how})
    return _PLAIN[key]


_PLAIN: dict[str, Index] = {}


def refused(*_: object, **__: object) -> Index:
    raise AssertionError("it was fitted again")


def assert_same(one: Index, other: Index) -> None:
    for field in fields(Index):
        if field.name != "scores":
            ours, theirs = (np.asarray(getattr(index, field.name)) for index in (one, other))
            assert ours.dtype == theirs.dtype
            assert ours.shape == theirs.shape
            assert ours.flags.c_contiguous == theirs.flags.c_contiguous
            assert ours.tobytes() == theirs.tobytes()
    assert one.models == other.models
    assert one.benchmarks == other.benchmarks


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where fits are kept."""
    monkeypatch.setenv("H2H_CACHE", str(tmp_path / "new" / "cache"))
    return tmp_path / "new" / "cache" / "fits"


def test_a_kept_fit_is_the_fit_bit_by_bit(folder: Path) -> None:
    assert_same(kept(), plain())
    (file,) = folder.iterdir()
    assert_same(kept_index(scores(), "binomial", 1, refused, draws=100), plain())
    ability = fit_eci(scores(), fixed="b0").ability[0]
    least, most = (scores().models[n] for n in (ability.argmin(), ability.argmax()))
    anchors = {least: 100.0, most: 110.0}
    how: dict[str, Any] = {"anchors": anchors, "draws": 100, "fixed": "b0"}
    made = kept_index(scores(), "eci", 1, fit_eci_index, **how)
    again = kept_index(scores(), "eci", 1, refused, **how)
    assert_same(made, again)
    assert np.isnan(again.rho)
    assert file.exists()
    assert len(list(folder.iterdir())) == 2


def test_fits_made_together_are_kept_together(folder: Path) -> None:
    whole = scores()
    parts = [
        whole.only(benchmarks=[b for b in whole.benchmarks if b != out]) for out in ("b0", "b1")
    ]
    made = kept_indexes((*parts, whole), "binomial", {}, lambda: fit_parts(whole, parts))
    again = kept_indexes((*parts, whole), "binomial", {}, lambda: [refused()])
    for one, other, direct in zip(made, again, fit_parts(whole, parts), strict=True):
        assert_same(one, other)
        assert_same(other, direct)


def test_other_scores_seeds_options_or_code_make_other_fits(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = dict(zip(scores().models[:2], (1.0, 2.0), strict=True))
    for how in ({}, {"n": 1}, {"seed": 2}, {"draws": 101}, {"draws": 0}, {"like": like}):
        assert_same(kept(**how), plain(**how))
    assert len(list(folder.iterdir())) == 6
    monkeypatch.setattr(kept_fits, "_code", lambda: b"changed")
    with pytest.raises(AssertionError, match="again"):
        kept_index(scores(), "binomial", 1, refused, draws=100)


def _flipped(content: bytes) -> bytes:
    return content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[: len(content) // 2],
        lambda content: content + b"more",
        _flipped,
        lambda content: b"\x80\x04." + content,
        lambda content: content[:32],
    ],
)
def test_a_damaged_file_is_made_anew(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    kept()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert_same(kept(), plain())
    assert file.read_bytes() == whole


def test_a_file_of_another_fit_is_made_anew(folder: Path) -> None:
    kept()
    (first,) = folder.iterdir()
    kept(1)
    (second,) = set(folder.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    assert_same(kept(1), plain(1))
    first.unlink()
    first.mkdir()
    assert_same(kept(), plain())


def test_processes_at_once_get_the_same_and_leave_whole_files(folder: Path) -> None:
    seeds = [1, 2, 3, 1, 2, 3]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(made, [seeds, seeds[::-1], seeds], chunksize=1)
    direct = {seed: plain(seed=seed).ability_draws.tobytes() for seed in (1, 2, 3)}
    assert found[0] == found[2] == [direct[seed] for seed in seeds]
    assert found[1] == [direct[seed] for seed in seeds[::-1]]
    assert len(list(folder.iterdir())) == 3
    for seed in direct:
        assert_same(kept_index(scores(), "binomial", seed, refused, draws=100), plain(seed=seed))


def test_where_nothing_can_be_kept_the_fit_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("H2H_CACHE", str(tmp_path / "file" / "below"))
    assert_same(kept(), plain())
    monkeypatch.setenv("H2H_CACHE", str(tmp_path / "full"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        assert_same(kept(), plain())
        assert list((tmp_path / "full" / "fits").iterdir()) == []
    kept()

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", read_only)
    assert_same(kept_index(scores(), "binomial", 1, refused, draws=100), plain())


def test_the_switch_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("H2H_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert_same(kept(), plain())
    assert list(tmp_path.iterdir()) == []


def test_those_not_asked_for_longest_go_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    for n in range(3):
        kept(n)
        made += set(folder.iterdir()) - set(made)
        os.utime(made[n], (1000 + n, 1000 + n))
    size = made[0].stat().st_size
    kept(0)  # asked for again
    monkeypatch.setattr(kept_fits, "_MOST_BYTES", 3 * size + 50)
    kept(3)
    assert not made[1].exists()
    assert made[0].exists()
    assert made[2].exists()
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 3 * size + 50


def test_a_fit_that_fails_is_not_kept(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="at least 100"):
            kept(draws=5)
    assert not folder.exists()


def test_a_gap_says_the_same_from_kept_fits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    day, home = "2026-10-31", str(tmp_path / "home")
    words = ["gap", "--as-of", day, "--json", "--store", home]
    with drawing():
        cold = CliRunner().invoke(main, words)
    assert len(list(folder.iterdir())) >= 3
    monkeypatch.setattr(fitted, "fit_index", refused)
    monkeypatch.setattr(fitted, "point_fit", refused)
    with drawing():
        warm = CliRunner().invoke(main, words)
    assert warm.exception is None or isinstance(warm.exception, SystemExit)
    assert json.loads(cold.stdout)["results"]
    assert warm.stdout == cold.stdout
