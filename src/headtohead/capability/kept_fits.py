"""Fitted indexes kept on disk, so that the next command need not fit them again.

A kept fit is found by a hash of all that it hangs on: the scores, how it is made, the code that
makes it, and the versions of what computes. Its file begins with a hash of what follows: one that
is damaged or of another fit is made anew, and where nothing can be kept the numbers are the same,
only later. Once the folder is full, those not asked for longest go.
"""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from importlib import metadata
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np

from headtohead.capability.irt.index import Index, Method
from headtohead.capability.irt.scores import Scores
from headtohead.core.errors import StoreFull
from headtohead.publish.files import cache_folder, replace

_MOST_BYTES = 50_000_000
_CODE = ("headtohead.capability.irt", "headtohead.stats")
_ARRAYS = ("ability", "difficulty", "slope", "ability_draws", "difficulty_draws", "slope_draws")


def kept_index(
    scores: Scores, method: Method, seed: int, fit: Callable[..., Index], **how: object
) -> Index:
    """What `fit` gives of the scores and of words, numbers and mappings; from disk if it can be.

    Raises:
        ValueError: If `fit` does.
    """
    make = partial(fit, scores, rng=np.random.default_rng(seed), **how)
    return kept_indexes((scores,), method, {**how, "seed": seed}, lambda: (make(),))[0]


def kept_indexes(
    parts: Sequence[Scores],
    method: Method,
    how: Mapping[str, object],
    fit: Callable[[], Sequence[Index]],
) -> tuple[Index, ...]:
    """What `fit` gives: an index of each of the scores; from disk if it can be.

    Args:
        parts: The scores; those after the last index only bear on the fits.
        how: All else that the fits hang on, the seed included, in what JSON can say.

    Raises:
        ValueError: If `fit` does; that is not kept.
    """
    folder = cache_folder()
    if folder is None:
        return tuple(fit())
    key = _key(parts, [method, how])
    kept = folder / "fits" / key.hex()
    content = _read(kept, key)
    if content is None:
        indexes = tuple(fit())
        _write(kept, key, indexes)
        return indexes
    with np.load(BytesIO(content), allow_pickle=False) as found:
        return tuple(
            Index(
                scores=part,
                method=method,
                rho=float(found[f"rho_{n}"]),
                **{name: found[f"{name}_{n}"] for name in _ARRAYS},
            )
            for n, part in enumerate(parts)
            if f"rho_{n}" in found
        )


def _key(parts: Sequence[Scores], how: object) -> bytes:
    """A hash of all that the fits hang on."""
    key = sha256(_code() + json.dumps(how, sort_keys=True).encode())
    for part in parts:
        key.update(json.dumps([part.models, part.benchmarks]).encode())
        for values in (part.model, part.benchmark, part.score, part.items, part.chance):
            key.update(values.dtype.str.encode() + values.tobytes())
    return key.digest()


@cache
def _code() -> bytes:
    """A hash of the code that fits, what is kept of it, and what computes."""
    versions = [np.__version__, metadata.version("scipy"), platform.machine()]
    code = sha256(json.dumps(versions).encode())
    code.update(Path(__file__).read_bytes())
    for package in _CODE:
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                code.update(file.read_bytes())
    return code.digest()


def _read(kept: Path, key: bytes) -> bytes | None:
    """What was kept under a key; None if that is nothing, or not whole."""
    try:
        found = kept.read_bytes()
        digest, content = found[: len(key)], found[len(key) :]
    except OSError:
        return None
    if digest != sha256(key + content).digest():
        return None
    with suppress(OSError):
        os.utime(kept)
    return content


def _write(kept: Path, key: bytes, indexes: Sequence[Index]) -> None:
    """Keep the indexes, and no more than the folder may hold."""
    content = BytesIO()
    arrays = {
        f"{name}_{n}": getattr(index, name)
        for n, index in enumerate(indexes)
        for name in ("rho", *_ARRAYS)
    }
    np.savez(content, **arrays)
    body = content.getvalue()
    with suppress(StoreFull, OSError):
        replace(kept, sha256(key + body).digest() + body)
        room = _MOST_BYTES
        there = [(file.stat(), file) for file in kept.parent.iterdir()]
        for state, file in sorted(there, key=lambda f: -f[0].st_mtime):
            room -= state.st_size
            if room < 0:
                file.unlink(missing_ok=True)
