"""Stocks of AI chips: by compute and by bandwidth, in layers, and where they are going."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.questions.chips import by_bandwidth
from headtohead.questions.hardware import compute_held, compute_stock, compute_trend
from headtohead.questions.hardware.compute_trend import exponential, faded, foretold, score

_FACTS, _KNOWN = Facts(), date(2026, 10, 31)
_DAY = Period(date(2025, 12, 31), date(2025, 12, 31))


def _held(**scope: object) -> Answer:
    return _FACTS.ask(compute_held, about=_DAY, as_of=_KNOWN, scope=scope)


def _trend(**scope: object) -> Answer:
    return _FACTS.ask(compute_trend, about=_DAY, as_of=_KNOWN, scope=scope)


def _values(answer: Answer) -> dict[str, float]:
    return {e.label: e.value for e in answer.estimates}


def test_an_h20_is_little_compute_and_much_bandwidth() -> None:
    stock = _FACTS.frame("compute_stock", _KNOWN)
    h20 = stock.filter(
        (stock["chip"] == "H20") & (stock["owner"] == "China") & (stock["measure"] == "stock")
    ).sort("window_end")[-1]
    each = h20["compute_h100e"][0] / h20["units_n"][0]
    assert each == pytest.approx(0.15, abs=0.002)
    speeds = _FACTS.frame("stock_bandwidth", _KNOWN)
    one = speeds.filter(speeds["chip"] == "H20")["memory_gb_per_s"][0] / 3350
    assert one == pytest.approx(1.19, abs=0.01)
    # The chips that China bought weigh five times as much by bandwidth, the American ones as much.
    compute, bandwidth = (
        _values(_held(by=by, layers=("sold",))) for by in ("compute", "bandwidth")
    )
    assert bandwidth["China"] / compute["China"] == pytest.approx(5.0, abs=0.2)
    us = "the United States"
    assert bandwidth[us] / compute[us] == pytest.approx(1.0, abs=0.05)


def test_the_ratio_of_the_sides_halves_by_bandwidth() -> None:
    scope = {"domestic": True, "smuggled": True}
    by = {
        which: _FACTS.ask(
            compute_stock, about=_DAY, as_of=_KNOWN, scope={**scope, "by": which}
        ).estimates[0]
        for which in ("compute", "bandwidth")
    }
    assert by["compute"].value == pytest.approx(8.36, abs=0.01)
    assert by["bandwidth"].value == pytest.approx(4.14, abs=0.01)
    assert by["bandwidth"].unverified  # what Huawei sold is only reported
    assert "stock_bandwidth" in by["bandwidth"].source_ids


def test_layers_add_up_and_what_is_left_out_is_said() -> None:
    each = [_values(_held(layers=(layer,)))["China"] for layer in ("sold", "domestic", "smuggled")]
    assert sum(each) == pytest.approx(_values(_held())["China"])
    assert any("smuggled to China" in n for n in _held(layers=("sold", "domestic")).notes)
    makers = _values(_held(group="designer"))
    assert makers["Huawei"] > makers["Cambricon"]
    owners = _held(group="owner")
    assert sum(_values(owners).values()) == pytest.approx(sum(_values(_held()).values()))


def test_counts_by_bandwidth_keep_their_owners_and_quarters() -> None:
    stock = _FACTS.frame("compute_stock", _KNOWN)
    made = by_bandwidth(stock, _FACTS.frame("stock_bandwidth", _KNOWN))
    keys = ["owner", "maker", "window_end"]
    assert made.select(keys).is_unique().all()
    assert (made["chip"] == "all").all()
    assert (made["compute_low_h100e"] <= made["compute_h100e"]).all()
    assert (made["compute_h100e"] <= made["compute_high_h100e"]).all()


def test_a_trend_comes_with_its_score() -> None:
    answer = _trend()
    (one,) = answer.estimates
    assert one.low < one.value < one.high
    assert one.level == 0.8
    assert "off by a factor of 1.12" in answer.says
    assert "that of a straight exponential was off by 1.55" in answer.says
    foretold_rows = [r for r in answer.rows if r["kind"] == "foretold"]
    assert [str(r["window_end"]) for r in foretold_rows] == [
        *("2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"),
    ]
    growth = _trend(measure="growth").estimates[0]
    assert growth.unit == "ratio"
    assert 1 < growth.value < 2.89  # slower than the last year


def test_a_trend_needs_quarters_and_does_not_reach_far() -> None:
    early = Period(date(2023, 1, 31), date(2023, 1, 31))
    few = _FACTS.ask(compute_trend, about=early, as_of=_KNOWN, scope={})
    assert few.missing.startswith("only 4 of the 5 quarters")
    with pytest.raises(InputError, match=r"`ahead` is 9. Use a number from 1 to 8"):
        _trend(ahead=9)
    assert (
        _FACTS.ask(compute_trend, about=_DAY, as_of=_KNOWN, scope={"makers": ("Huawei",)})
        .estimates[0]
        .high
        < math.inf
    )


def test_no_forecast_uses_what_came_after_it() -> None:
    logs = [0.0, 0.2, 0.4, 0.6, 0.8, 0.95, 1.1, 1.2, 1.3, 1.35]
    done = score(logs)
    assert done is not None
    assert done.n == 2  # origins at the fifth and sixth quarter: only these have a year to come
    assert done.error == pytest.approx(
        10 ** (sum(abs(logs[o + 4] - faded(logs[: o + 1], 4)) for o in (4, 5)) / 2)
    )
    assert score(logs[:6]) is None


@given(st.floats(-1, 1), st.floats(0.01, 0.5), st.integers(9, 16), st.integers(1, 8))
def test_steady_growth_fades_and_an_exponential_goes_on(
    start: float, growth: float, n: int, ahead: int
) -> None:
    logs = [start + growth * i for i in range(n)]
    straight = logs[-1] + growth * ahead
    assert exponential(logs, ahead) == pytest.approx(straight)
    told = foretold(logs, ahead)
    assert logs[-1] < told.value < straight
    assert told.low <= told.value <= told.high


def test_a_stock_that_stands_still_is_foretold_to_stand_still() -> None:
    told = foretold([1.0] * 12, 4)
    assert (told.value, told.low, told.high) == (1.0, 1.0, 1.0)


def test_what_is_counted_and_what_smuggled_chips_are_taken_for_is_said() -> None:
    every = _held(by="bandwidth")
    assert "chips of Chinese design and chips smuggled to China" in every.says
    assert any("which chips were smuggled is not published" in note for note in every.notes)
    some = _held(layers=("domestic",))
    assert some.notes[0] == "not counted: chips sold by US makers and chips smuggled to China"
    assert not any("no one country" in note for note in some.notes)
    assert "none of the 5 quarters that a trend needs were known" in _trend(owner="Mars").missing


def test_a_ratio_by_compute_also_says_that_by_bandwidth() -> None:
    both = _FACTS.ask(
        compute_stock, about=_DAY, as_of=_KNOWN, scope={"domestic": True, "smuggled": True}
    )
    (said,) = (note for note in both.notes if "by memory bandwidth" in note)
    assert "it is 4.14x (2.13x to 5.74x" in said
    assert [round(e.value, 1) for e in both.estimates] == [8.4]
    changed = _FACTS.ask(
        compute_stock, about=_DAY, as_of=_KNOWN, scope={"measure": "domestic_share"}
    )
    assert not any("by memory bandwidth" in note for note in changed.notes)


@pytest.mark.parametrize("ahead", [0, 9, 2.5, math.nan, math.inf])
def test_a_trend_reaches_whole_quarters(ahead: float) -> None:
    with pytest.raises(InputError, match=r"1 to 8 whole quarters|a number from 1 to 8"):
        _trend(ahead=ahead)


def test_a_change_needs_an_earlier_day_and_one_owner_is_one() -> None:
    with pytest.raises(InputError, match="A change needs two counts"):
        _FACTS.ask(
            compute_stock,
            about=_DAY,
            as_of=_KNOWN,
            scope={"measure": "ratio_change", "since": "2026-03-01"},
        )
    one = _FACTS.ask(compute_stock, about=_DAY, as_of=_KNOWN, scope={"owners": ("Google",)})
    assert "the 1 US owner counted held" in one.says
