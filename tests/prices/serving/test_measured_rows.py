"""The serving model against rows that NVIDIA measured, if their package is installed.

`pip install --no-deps aiconfigurator-core==0.12.0`, or `H2H_SILICON_ROWS` with the path of its
silicon_sample.csv.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.serving import (
    DAY,
    PRIOR,
    Arrays,
    SiliconRow,
    apart_by_family,
    arrays_of,
    family_left_out,
    fit,
    held_out,
    median_error,
    rows_file,
    rows_of,
    unpacked,
)

from headtohead.prices.serving.efficiency import MEASURED, UNSEEN_HELD

_GIVEN = os.environ.get("H2H_SILICON_ROWS")
FILE = rows_file(Path(_GIVEN) if _GIVEN else None)
pytestmark = pytest.mark.skipif(FILE is None, reason="aiconfigurator-core is not installed")


@pytest.fixture(scope="module")
def rows() -> list[SiliconRow]:
    assert FILE is not None
    return rows_of(FILE, DAY)[0]


@pytest.fixture(scope="module")
def arrays(rows: list[SiliconRow]) -> Arrays:
    return arrays_of(rows)


def test_the_constants_are_those_of_the_fit(arrays: Arrays) -> None:
    everything = np.ones(len(arrays.tpot), dtype=bool)
    hopper, blackwell, _ = unpacked(fit(arrays, everything))
    for generation, fitted in (("hopper", hopper), ("blackwell", blackwell)):
        for name in PRIOR:
            kept = getattr(MEASURED[generation], name)
            assert kept == pytest.approx(fitted[name], rel=0.01), (generation, name)


def test_families_held_out_are_off_by_less_than_15_percent(
    rows: list[SiliconRow], arrays: Arrays
) -> None:
    assert len({row.family for row in rows}) == 9
    everything = np.ones(len(arrays.tpot), dtype=bool)
    out = held_out(arrays, everything)
    assert median_error(out) < 0.15
    held = list(family_left_out(arrays, out).values())
    made = (min(held), max(held), float(np.mean(held)))
    assert made == pytest.approx(UNSEEN_HELD, abs=0.006)


def test_intervals_hold_what_they_promise_in_every_family(arrays: Arrays) -> None:
    for family, share in apart_by_family(arrays).items():
        assert 0.75 <= share <= 0.85, family
