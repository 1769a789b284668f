"""Files and arguments broken on purpose: a message or a verdict, and never another one unsaid."""

import resource
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from tests.fuzz.arguments import answering, commands_of, drawn, good_files
from tests.fuzz.mutations import Mutation, Random, mutated
from tests.fuzz.seeds import Read, Seed, accounted, files_in, ran, seeds_by_reader, verdict

from headtohead.core.errors import HeadToHeadError

CODES = (0, 1, 2, 64, 65, 74, 75)
# Seconds of processor time that anything broken may take. On a slow machine, where what is whole
# takes long too, it is so many times that.
SECONDS, TIMES, MEBIBYTES = 5, 14, 700
GROUPS = seeds_by_reader()
SEEDS = {name: seed for group in GROUPS.values() for name, seed in group.items()}
VERBS = tuple(commands_of(""))
# In a long run each seed and each verb is mutated so often, in portions that workers share.
PORTIONS, EACH = 2, 105
_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "broken-files.md"


class Hung(BaseException):
    """More time than any small file may take; not an Exception, so that no reader catches it."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Stops after so much processor time, and holds how much memory may be taken."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Hung

    before, was = _peak(), signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, was)
    assert _peak() - before < MEBIBYTES, "too much memory"


def _peak() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def faults_of(name: str, seed: Seed, folder: Path, numbers: range) -> Iterator[str]:
    """What goes wrong in so many mutations of a seed, each drawn by its number alone."""
    path = seed.make(folder)
    files = files_in(path)
    whole = {file: file.read_bytes() for file in files}
    command = seed.command(path)
    started = time.process_time()
    before, (code, said) = seed.read(path), ran(command)
    seconds = max(SECONDS, TIMES * (time.process_time() - started))
    known = verdict(said) if code in (0, 1, 2) else None
    for number in numbers:
        rng = Random(f"{name} {number}")
        file = rng.choice([f for f in files if whole[f]])
        done = mutated(rng, whole[file])
        if seed.ordered and done.name in ("order of keys", "rows shuffled"):
            done = replace(done, keeps="nothing")
        file.write_bytes(done.data)
        where = f"{name}, mutation {number} ({file.name}, {done.name})"
        try:
            with bounded(seconds):
                yield from (f"{where}: {w}" for w in _misread(seed, path, before, done))
                if number % seed.every == 0:
                    found = ran(command)
                    yield from (f"{where}: {w}" for w in _missaid(found, code, known, said, done))
        except Hung:
            yield f"{where}: hangs"
        file.write_bytes(whole[file])


def _misread(seed: Seed, path: Path, before: Read, done: Mutation) -> Iterator[str]:
    try:
        after = seed.read(path)
    except HeadToHeadError as error:
        if done.keeps == "meaning":
            yield f"refused, though it means the same: {error}"
        elif len(str(error)) > 3000:
            yield f"a message of {len(str(error))} characters"
        return
    except Exception as error:  # noqa: BLE001 - any of ours is what is looked for
        yield f"{type(error).__name__}: {error}"
        return
    if done.keeps == "meaning" and after != before:
        yield f"read otherwise: {after}, {before}"
    if done.keeps == "scores":
        # Whatever is unknown now may be missing, but nothing may have taken another value.
        turned = {
            key: (was, after[key])
            for key, was in before.items()
            if (
                Counter(_known(after.get(key, ()))) - Counter(_known(was))
                if isinstance(was, list) and _known(was)
                else isinstance(was, int | float) and after.get(key, 0) > was
            )
        }
        if turned:
            yield f"turned: {turned}"


def _known(scores: Iterable[float | None]) -> list[float]:
    return [score for score in scores if score is not None]


def _missaid(
    found: tuple[int, str], code: int, known: Any, before: str, done: Mutation
) -> Iterator[str]:
    now, said = found
    if now not in CODES or "Traceback" in said:
        yield f"exit code {now}: {said[-1500:]}"
    elif now in (0, 1, 2) and done.keeps == "meaning" and known is not None:
        if verdict(said) != known:
            yield f"another verdict: {verdict(said)}, {known}"
    elif now in (0, 1, 2) and done.keeps == "scores" and known is not None:
        if verdict(said) != known and accounted(said) == accounted(before):
            yield f"another verdict, and no word of it: {verdict(said)}, {known}"
    elif now != code and done.keeps == "meaning":
        yield f"exit code {now} for {code}: {said[-500:]}"


def faults_of_arguments(name: str, url: str, folder: Path, numbers: range) -> Iterator[str]:
    """What goes wrong with arguments that nobody should type, in a folder that is worked in."""
    good_files(folder)
    good = {file: file.read_bytes() for file in folder.iterdir()}
    command = commands_of(url)[name]
    started = time.process_time()
    assert ran(command)[0] in (0, 1, 2)
    seconds = max(SECONDS, TIMES * (time.process_time() - started))
    for number in numbers:
        given = drawn(Random(f"{name} {number}"), command)
        where = f"{name}, arguments {number} ({shlex.join(given)[:300]})"
        try:
            with bounded(seconds):
                code, said = ran(given)
        except Hung:
            yield f"{where}: hangs"
        else:
            if code not in CODES or "Traceback" in said:
                yield f"{where}: exit code {code}: {said[-1500:]}"
        for file in folder.iterdir():
            if file.is_file() and file not in good:
                file.unlink()
        changed = [file.name for file, was in good.items() if file.read_bytes() != was]
        if changed:
            yield f"{where}: wrote over {changed}"


@pytest.fixture
def url(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A model that answers at once; all is done in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return answering(httpserver)


@pytest.mark.parametrize("name", SEEDS)
def test_a_few_files(name: str, tmp_path: Path) -> None:
    assert not list(faults_of(name, SEEDS[name], tmp_path, range(4)))


@pytest.mark.parametrize("name", VERBS)
def test_a_few_arguments(name: str, url: str, tmp_path: Path) -> None:
    assert not list(faults_of_arguments(name, url, tmp_path, range(4)))


@pytest.mark.slow
@pytest.mark.parametrize("portion", range(PORTIONS))
@pytest.mark.parametrize("name", SEEDS)
def test_many_files(name: str, portion: int, tmp_path: Path) -> None:
    numbers = range(portion * EACH, (portion + 1) * EACH)
    assert not list(faults_of(name, SEEDS[name], tmp_path, numbers))


@pytest.mark.slow
@pytest.mark.parametrize("portion", range(PORTIONS))
@pytest.mark.parametrize("name", VERBS)
def test_many_arguments(name: str, portion: int, url: str, tmp_path: Path) -> None:
    numbers = range(portion * EACH, (portion + 1) * EACH)
    assert not list(faults_of_arguments(name, url, tmp_path, numbers))


def test_as_many_as_the_docs_say() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    counted = [(len(group), len(group) * PORTIONS * EACH) for group in (*GROUPS.values(), VERBS)]
    for n, mutations in counted:
        assert f"| {n} | {mutations:,} |" in page
    total = sum(mutations for _, mutations in counted)
    assert total >= 20_000
    assert f"{total:,} mutations" in page
