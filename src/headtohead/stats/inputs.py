"""What estimators share: types of arrays, checks of what is given, the number of threads."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headtohead.core.estimate import is_level

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Labels = Sequence[Hashable] | NDArray[Any]


def vector(values: ArrayLike, name: str, least: int = 1) -> FloatArray:
    """The values as a flat array of finite numbers.

    Args:
        values: Shape (n,), or a single number.
        name: What they are called, for the message.
        least: How many are needed.

    Raises:
        ValueError: If there are too few, in rows and columns, or one is not a finite number.
    """
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions; give one list of numbers")
    if array.size < least:
        raise ValueError(f"{name} has {array.size} values; at least {least} are needed")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise ValueError(f"{name} has {bad} values that are not finite numbers; leave them out")
    return array


def label_list(labels: Labels, n: int, what: str) -> list[Hashable]:
    """The labels as a list, one for each of n entries.

    Raises:
        ValueError: If there are not n.
    """
    listed: list[Hashable] = list(labels)
    if len(listed) != n:
        raise ValueError(f"{len(listed)} {what} for {n} values; every value needs one")
    return listed


def whole_days(values: ArrayLike, name: str) -> IntArray:
    """Days as whole numbers counted from any fixed day, shape (n,).

    Raises:
        ValueError: If one is not a whole number.
    """
    array = vector(values, name)
    if np.any(array != np.rint(array)):
        raise ValueError(f"{name} must be whole days (date.toordinal() gives them)")
    return array.astype(np.int64)


def same_length(**arrays: FloatArray | IntArray | BoolArray) -> int:
    """How long all the arrays are.

    Raises:
        ValueError: If they differ.
    """
    sizes = {name: array.size for name, array in arrays.items()}
    if len(set(sizes.values())) != 1:
        raise ValueError(f"lengths differ: {sizes}; every entry needs one value of each")
    return next(iter(sizes.values()))


def spreads(values: ArrayLike, like: FloatArray, name: str) -> FloatArray:
    """Standard deviations, one for each entry of `like`; a single number serves all.

    Raises:
        ValueError: If one is negative, or there are neither one nor as many as in `like`.
    """
    array = vector(values, name)
    if array.size not in (1, like.size):
        raise ValueError(f"{name} has {array.size} values for {like.size} entries")
    if np.any(array < 0):
        raise ValueError(f"{name} must not be negative")
    return np.broadcast_to(array, like.shape)


def check_level(level: float) -> float:
    """The coverage asked for, strictly between 0 and 1.

    Raises:
        ValueError: If it is not.
    """
    if not is_level(level):
        raise ValueError(f"level is {level}; it must lie between 0 and 1, as 0.95")
    return level


def check_count(value: float, name: str, least: int = 0) -> int:
    """The value as a whole number.

    Raises:
        ValueError: If it is not one, or below `least`.
    """
    if value != int(value) or value < least:
        raise ValueError(f"{name} is {value}; it must be a whole number of at least {least}")
    return int(value)


@contextmanager
def one_thread() -> Iterator[None]:
    """While it lasts, linear algebra runs on one thread; works as a decorator too."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> "ThreadpoolController":
    import numpy as np
    from threadpoolctl import ThreadpoolController

    # The libraries are found among those already loaded.
    np.linalg.inv(np.eye(1))
    return ThreadpoolController()
