"""Quantiles against printed tables and scipy."""

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.stats.intervals import (
    normal_probability,
    normal_quantile,
    student_quantile,
    student_tail,
)


@pytest.mark.parametrize(
    ("p", "df", "printed"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
        (0.975, 1, 12.706),
        (0.95, 5, 2.015),
        (0.975, 10, 2.228),
        (0.995, 30, 2.750),
        (0.999, 100, 3.174),
    ],
)
def test_student_table(p: float, df: float, printed: float) -> None:
    assert student_quantile(p, df) == pytest.approx(printed, abs=5e-4)


def test_normal_table() -> None:
    # Abramowitz and Stegun (1964), table 26.5.
    assert normal_quantile(0.975) == pytest.approx(1.95996398, abs=1e-8)
    assert normal_quantile(0.95) == pytest.approx(1.64485363, abs=1e-8)


@settings(max_examples=examples(200))
@given(st.floats(1e-9, 1 - 1e-9), st.floats(0.2, 1e7))
def test_agrees_with_scipy(p: float, df: float) -> None:
    assert student_quantile(p, df) == pytest.approx(float(sp.t.ppf(p, df)), rel=1e-7, abs=1e-9)
    assert normal_quantile(p) == pytest.approx(float(sp.norm.ppf(p)), rel=1e-9, abs=1e-12)
    assert normal_probability(normal_quantile(p)) == pytest.approx(p, rel=1e-9)


@settings(max_examples=examples(200))
@given(st.floats(1e-5, 1 - 1e-5), st.integers(1, 310), st.floats(0, 50))
def test_whole_degrees_of_freedom_agree_with_scipy(p: float, df: int, t: float) -> None:
    assert student_quantile(p, df) == pytest.approx(float(sp.t.ppf(p, df)), rel=1e-10, abs=1e-11)
    assert student_tail(t, df) == pytest.approx(float(sp.t.sf(t, df)), rel=1e-10)


def test_few_whole_degrees_of_freedom_need_no_scipy() -> None:
    code = (
        "import sys; from headtohead.stats.intervals import student_quantile, student_tail;"
        "student_quantile(0.95, 9.0); student_tail(2.0, 9); sys.exit('scipy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=examples(100))
@given(st.floats(0.501, 0.9999), st.floats(0.5, 500))
def test_student_is_symmetric_and_wider_than_normal(p: float, df: float) -> None:
    t = student_quantile(p, df)
    assert t == pytest.approx(-student_quantile(1 - p, df), rel=1e-6)
    assert t > normal_quantile(p)
    assert student_quantile(p, math.inf) == normal_quantile(p)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, math.nan])
def test_refuses_what_is_no_probability(p: float) -> None:
    with pytest.raises(ValueError, match="probability inside"):
        normal_quantile(p)
    with pytest.raises(ValueError, match="probability inside"):
        student_quantile(p, 5)


@pytest.mark.parametrize("df", [0.0, -1.0, math.nan])
def test_refuses_impossible_degrees_of_freedom(df: float) -> None:
    with pytest.raises(ValueError, match="degrees of freedom"):
        student_quantile(0.9, df)
