"""When votes were given: days by UTC from any way of writing a time, and windows of them."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from headtohead.files.tables import floats, missing, numbers_in, plain_text
from headtohead.ratings.settings import Window
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

WINDOWS: tuple[Window, ...] = ("month", "quarter", "week", "day")

NO_DAY = np.iinfo(np.int64).min
_EPOCH = date(1970, 1, 1)
_LEAST_SECONDS = 1e8  # in 1973: no vote on a model is older
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_FIRST, _LAST = (date.min - _EPOCH).days, (date.max - _EPOCH).days


def days(array: "pa.Array") -> tuple[IntArray, BoolArray]:
    """The day of each time, by UTC.

    Numbers are seconds since 1970; from 1e11 on they can only be milliseconds, from 1e14 on
    microseconds, from 1e17 on nanoseconds. A time without a zone is taken as UTC.

    Returns:
        Days since 1970-01-01, shape (n,), `NO_DAY` where missing or unreadable; and where
        something stands that is no time.
    """
    import pyarrow as pa

    array = plain_text(array)
    if pa.types.is_timestamp(array.type):
        result = np.floor_divide(numbers_in(array), _PER_DAY[array.type.unit])
        return _without(result, missing(array)), np.zeros(len(array), dtype=np.bool_)
    if pa.types.is_date(array.type):
        result = numbers_in(array.cast(pa.date32())).astype(np.int64)
        return _without(result, missing(array)), np.zeros(len(array), dtype=np.bool_)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return _written(array)
    return _of_numbers(*floats(array))


def day_number(day: date) -> int:
    """Days from 1970-01-01 to a day."""
    return (day - _EPOCH).days


def label(day: int, window: Window) -> str:
    """The window a day lies in: 2025-06, 2025-Q2, 2025-W23 (weeks of ISO 8601) or 2025-06-05."""
    at = _EPOCH + timedelta(days=day)
    if window == "day":
        return at.isoformat()
    if window == "week":
        year, week, _ = at.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if window == "quarter":
        return f"{at.year:04d}-Q{(at.month + 2) // 3}"
    return f"{at.year:04d}-{at.month:02d}"


def _without(result: IntArray, gone: BoolArray | None) -> IntArray:
    return result if gone is None else np.where(gone, NO_DAY, result)


def _written(array: "pa.Array") -> tuple[IntArray, BoolArray]:
    import pyarrow as pa

    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.float64()):
        try:
            cast = array.cast(kind)
        except pa.ArrowInvalid:
            continue
        # Small numbers may be days written without dashes, as 20250605.
        if kind != pa.float64() or not np.any(np.abs(floats(cast)[0]) < _LEAST_SECONDS):
            return days(cast)
    result = np.full(len(array), NO_DAY, dtype=np.int64)
    wrong = np.zeros(len(array), dtype=np.bool_)
    for row, text in enumerate(array.to_pylist()):
        if text is not None and text.strip():
            day = _one(text.strip())
            wrong[row] = day is None
            result[row] = NO_DAY if day is None else day
    return result, wrong


def _one(text: str) -> int | None:
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(text)
        return day_number((at.astimezone(UTC) if at.tzinfo else at).date())
    try:
        result, wrong = _of_numbers(np.array([float(text)]), np.zeros(1, dtype=np.bool_))
    except ValueError:
        return None
    return None if wrong[0] else int(result[0])


def _of_numbers(values: FloatArray, wrong: BoolArray) -> tuple[IntArray, BoolArray]:
    size = np.abs(values)
    seconds = values.copy()
    for least, scale in ((1e11, 1e3), (1e14, 1e6), (1e17, 1e9)):
        seconds = np.where(size >= least, values / scale, seconds)
    with np.errstate(invalid="ignore"):
        day = np.floor(seconds / 86_400)
    fine = np.isfinite(day) & (day >= _FIRST) & (day <= _LAST)
    result = np.where(fine, np.where(fine, day, 0), NO_DAY).astype(np.int64)
    return result, wrong | (~fine & ~np.isnan(values))
