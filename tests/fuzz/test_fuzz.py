"""Files and arguments broken on purpose: a message or a verdict, and never another one unsaid."""

import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.fuzz.mutations import Mutation, Random, mutated
from tests.fuzz.seeds import Read, Seed, files_in, kinds, ran, verdict

from headtohead.core.errors import HeadToHeadError

CODES = (0, 1, 2, 64, 65, 74, 75)
SECONDS, MEBIBYTES = 5, 700
SEEDS = {**kinds().runs, **kinds().votes, **kinds().others}


class TooLong(BaseException):
    """More time than any small file may take; not an Exception, so that no reader catches it."""


@contextmanager
def bounded() -> Iterator[None]:
    """Stops after some seconds of processor time, and holds how much memory may be taken."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooLong

    before, was = _peak(), signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
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
    with bounded():
        before, (code, said) = seed.read(path), ran(command)
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
            with bounded():
                yield from (f"{where}: {w}" for w in _misread(seed, path, before, done))
                if number % seed.every == 0:
                    found = ran(command)
                    yield from (f"{where}: {w}" for w in _missaid(found, code, known, said, done))
        except TooLong:
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
    elif now != code and done.keeps == "meaning":
        yield f"exit code {now} for {code}: {said[-500:]}"


@pytest.mark.parametrize("name", SEEDS)
def test_a_few(name: str, tmp_path: Path) -> None:
    assert not list(faults_of(name, SEEDS[name], tmp_path, range(4)))
