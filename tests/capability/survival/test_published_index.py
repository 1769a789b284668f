"""The lags of Epoch's published index, edition of 2026-08-11, against published figures."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.capability.survival.histories import (
    MONTH,
    Published,
    entry_lag,
    published,
    rng,
)

from headtohead.capability.survival.catch_ups import catch_up
from headtohead.capability.survival.gaps import horizontal_gap, trend_gap
from headtohead.capability.survival.lags import CLOCKS, Clock, side_lag

_LAST = date(2026, 8, 11)
_ARTICLE = date(2025, 12, 15)
_O3_RELEASE = {"o3": date(2025, 4, 16)}


@pytest.fixture(scope="module")
def us(shared_evidence: Path) -> Published:
    return published(shared_evidence, "United States of America")


@pytest.fixture(scope="module")
def cn(shared_evidence: Path) -> Published:
    return published(shared_evidence, "China")


@pytest.mark.parametrize(
    ("day", "clock", "months", "entry", "matched"),
    [
        (_ARTICLE, "release", 11.4, "DeepSeek-V3.2", "o3"),
        (date(2025, 6, 30), "release", 5.7, "DeepSeek-R1 (May 2025)", None),
        (_LAST, "release", 4.4, "Kimi K3", "GPT-5.4 Pro"),
        (_LAST, "as of", 5.2, "Kimi K3", "GPT-5.4 Pro"),
    ],
)
def test_lag(
    us: Published,
    cn: Published,
    day: date,
    clock: Clock,
    months: float,
    entry: str,
    matched: str | None,
) -> None:
    found = side_lag(us.side, cn.side, day.toordinal(), clock)
    assert round(found.days.value / MONTH, 1) == months
    best = np.where(cn.side.days <= day.toordinal(), cn.side.values, -np.inf).argmax()
    assert cn.names[best] == entry
    assert found.matched is not None
    assert matched in (us.names[found.matched], None)


def test_the_date_of_o3_moves_the_lag(shared_evidence: Path, cn: Published) -> None:
    # Epoch dates o3 by its preview of 2024-12-20.
    us = published(shared_evidence, "United States of America", _O3_RELEASE)
    lags = [side_lag(us.side, cn.side, _ARTICLE.toordinal(), c).days.value for c in CLOCKS]
    assert [round(lag / MONTH, 1) for lag in lags] == [7.5, 8.0]


def test_lag_of_deepseek_v4_pro(us: Published, cn: Published) -> None:
    # NIST's CAISI (May 2026): near GPT-5, about 8 months behind.
    at = cn.at("DeepSeek-V4-Pro")
    side = cn.side
    found = entry_lag(us.side, int(side.days[at]), side.values[at], side.draws[:, at])
    assert round(found.days.value / MONTH, 1) == 8.5
    assert found.matched == us.at("GPT-5")


def test_catch_up_times(us: Published, cn: Published) -> None:
    # Epoch AI (2026): 7 months on average since 2023, between 4 and 14.
    since = date(2023, 1, 1).toordinal()
    found = catch_up(us.side, cn.side, _LAST.toordinal(), rng(), since=since)
    assert (found.observed.size, int(found.observed.sum())) == (20, 16)
    assert round(found.median.scores.value / MONTH, 1) == 7.1
    both = found.median.both
    assert 4 < both.low / MONTH < both.high / MONTH < 14


@pytest.mark.parametrize(
    ("top", "day", "months", "shared", "levels"),
    [
        (150, date(2025, 12, 31), 8.0, 304, 341),
        (150, _LAST, 8.0, 341, 341),
        (157, _LAST, 7.6, 411, 411),
    ],
)
def test_horizontal_gap(
    us: Published, cn: Published, top: int, day: date, months: float, shared: int, levels: int
) -> None:
    # Up to the best that both have, 157.0 in August 2026, the mean is 7.6 months.
    grid = np.linspace(116, top, levels)
    found = horizontal_gap(us.side, cn.side, grid, day.toordinal())
    assert round(found.mean.value / MONTH, 1) == months
    assert (found.both, found.only_leader) == (shared, levels - shared)


def test_trend_gap(us: Published, cn: Published) -> None:
    since = date(2024, 4, 1).toordinal()
    found = trend_gap(us.side, cn.side, since, _LAST.toordinal(), rng())
    assert found.leader_slope.scores.value == pytest.approx(14.945, abs=0.001)
    assert round(found.trailing_slope.scores.value, 1) == 13.8
    assert round(found.level_gap.scores.value, 1) == 8.1
    assert round(found.days.scores.value / MONTH, 1) == 6.5
    assert (found.leader_records, found.trailing_records) == (16, 16)
