"""Own machines against an API: where it turns, and the verb and command that say so."""

import json
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from headtohead import breakeven
from headtohead.cli import main
from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.prices.serving.breakeven import Demand, hour_of_purchase, peak_of, turn, weigh

DAY = date(2026, 10, 31)


def demand(api_usd: float, peak: float = 2.0) -> Demand:
    """A thousand requests a day."""
    return Demand(requests=1000, fresh=1e6, cached=0, output=1e5, peak=peak, api_usd=api_usd)


def test_a_worked_example() -> None:
    """One chip at $2 an hour is busy an hour a day; the API asks $12: it turns at four times."""
    made = turn(demand(12.0), 1, 3600.0, 48.0, 0.0)
    assert made.carries == 12
    assert made.units == 1
    assert made.own_usd == 48.0
    assert made.first == made.for_good == 4.0
    # With $60 a day for people it takes nine times the load, and two chips do no harm there.
    more = turn(demand(12.0), 1, 3600.0, 48.0, 60.0)
    assert more.first == 9.0
    # At $3 a full chip saves nothing: 12 times the load costs $36 there.
    assert turn(demand(3.0), 1, 3600.0, 48.0, 0.0).first is None


@given(
    api=st.floats(0.5, 1000),
    chip_s=st.floats(10, 1e6),
    unit=st.floats(1, 500),
    extra=st.floats(0, 500),
)
def test_it_turns_where_it_says(api: float, chip_s: float, unit: float, extra: float) -> None:
    made = turn(demand(api), 1, chip_s, unit, extra)

    def own(times: float) -> float:
        return max(1, math.ceil(times / made.carries - 1e-9)) * unit + extra

    if made.first is None:
        full = [made.carries * n for n in range(1, 200)]
        assert all(own(m) >= m * api * (1 - 1e-6) for m in full)
        return
    assert own(made.first * 1.000001) <= made.first * api * 1.0001 + 1e-9
    below = [made.first * n / 50 for n in range(1, 50)]
    assert all(own(m) >= m * api * (1 - 1e-6) for m in below)
    if made.for_good is not None:
        assert made.for_good >= made.first * (1 - 1e-9)
        above = [made.for_good * (1.000001 + n / 20) for n in range(100)]
        assert all(own(m) <= m * api * 1.0001 for m in above)


def test_an_interval_decides_or_says_that_it_does_not() -> None:
    chip_s = Interval(3600, 1800, 7200)
    one = Interval(48, 24, 96)
    assert weigh(demand(1000), 1, chip_s, one).cheaper == "own"
    assert weigh(demand(1), 1, chip_s, one).cheaper == "api"
    assert weigh(demand(50), 1, chip_s, one).cheaper == "undecided"


def test_the_busiest_hour() -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    every = [start + timedelta(hours=n) for n in range(49)]
    assert peak_of(every, [1.0] * 49) == pytest.approx(48 / 49)
    assert peak_of([*every, start], [1.0] * 49 + [4.0]) == pytest.approx(5 * 48 / 53)
    assert peak_of(every[:20], [1.0] * 20) is None


def test_a_bought_chip() -> None:
    """$30,000 and as much again for its server over four years, and a kilowatt at 10 cents."""
    assert hour_of_purchase(30_000, 4, 2.0, 1000, 0.1) == pytest.approx(60_000 / 35_064 + 0.1)


ASKED: dict[str, Any] = {
    "as_of": DAY,
    "chip": "H200",
    "gpus": 8,
    "requests": 100_000,
    "input_tokens": 3000,
    "output_tokens": 500,
    "model": "deepseek-v3.2",
}


def test_a_small_load_is_for_the_api_and_a_large_one_for_machines() -> None:
    small = breakeven(**ASKED | {"requests": 100})
    assert small.weighed.cheaper == "api"
    assert "THE API IS CHEAPER" in small.sheet.word
    dear = breakeven(**ASKED | {"api": "claude-opus-4-5", "requests": 1_000_000})
    assert dear.weighed.cheaper == "own"
    assert "Own machines cost less from about" in dear.sheet.sentence
    (row,) = dear.as_json()["results"]
    assert row["expected"]["breakeven_requests_per_day_n"] < 1_000_000
    assert row["api_usd_per_day"] == pytest.approx(1e6 * (3000 * 5 + 500 * 25) / 1e6)


def test_a_price_is_called_a_span_only_where_it_is_one() -> None:
    def remark(**said: Any) -> str:
        sheet = breakeven(**ASKED | {"chip": "H100", "gpus": 16} | said).sheet
        return sheet.figures[0].remarks[0]

    assert "the price at 10% and 90% of what sellers ask" in remark()
    assert "the price as it is" in remark(usd_per_chip_hour=2.0)
    busy = breakeven(**ASKED | {"requests": 10}).sheet.facts[-1]
    assert busy == ("Busy", "under 1% of the time of the machines at the mean load")


def test_where_machines_never_pay_it_is_said_and_no_number_stands_for_it() -> None:
    never = breakeven(**ASKED | {"usd_per_chip_hour": 50.0})
    assert "cost more at any load" in never.sheet.sentence
    (row,) = json.loads(never.to_json())["results"]
    assert row["best"]["breakeven_requests_per_day_n"] is None
    assert math.isfinite(row["own_usd_per_day"]["high"])


def test_an_api_that_charges_by_the_hour_is_priced_by_the_hour() -> None:
    """DeepSeek charged half at night until September 2025: a day's mean lies between."""
    hourly = breakeven(**ASKED | {"as_of": date(2025, 6, 30), "model": "DeepSeek-V3-0324"})
    cost = hourly.weighed.demand.api_usd
    full = 1e5 * (3000 * 0.27 + 500 * 1.10) / 1e6
    assert full * 0.5 < cost < full


def test_what_is_in_the_price_of_a_bought_chip_is_said() -> None:
    bought = breakeven(**ASKED, purchase_usd=30_000.0)
    assert bought.hour.says.endswith(
        "with its server 1.64 times that, over 4 years, power not counted"
    )
    assert "power of 1,200 W" in breakeven(**ASKED, purchase_usd=3e4, power_w=1200.0).hour.says


def test_at_best_from_a_load_on_names_where_it_is_the_other_way_again() -> None:
    """Between what one unit carries and where two pay, the API is cheaper again."""
    asked = ASKED | {"model": "DeepSeek-V3", "chip": "H800", "gpus": 16}
    made = breakeven(**asked, operator="deepinfra")
    assert made.api_prices == (
        "$0.32 in, $0.89 out per million tokens at DeepInfra since 2026-08-28",
    )
    assert made.weighed.expected.first is None
    best = made.weighed.best
    assert best.first
    assert best.for_good
    assert best.for_good > best.carries > best.first
    assert "at best they cost less from about" in made.sheet.sentence
    assert "again more where one more unit has just been added" in made.sheet.sentence


def log_of(path: Path, *, hours: int = 48) -> Path:
    """A log of a call an hour, five at noon."""
    start, lines = datetime(2026, 10, 1, tzinfo=UTC), []
    for hour in range(hours):
        for one in range(5 if hour % 24 == 12 else 1):
            lines.append(
                {
                    "id": f"{hour}-{one}",
                    "model": "deepseek-v3.2",
                    "input_tokens": 2000,
                    "output_tokens": 400,
                    "started": (start + timedelta(hours=hour, minutes=one)).isoformat(),
                }
            )
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_a_log_tells_load_and_peak(tmp_path: Path) -> None:
    mapping = {"key": "id"}
    path = log_of(tmp_path / "calls.jsonl")
    machines = {k: ASKED[k] for k in ("as_of", "chip", "gpus")}
    made = breakeven(path, mapping=mapping, **machines)
    asked = made.weighed.demand
    assert asked.requests == pytest.approx(56 / 2, rel=0.05)
    assert asked.peak == pytest.approx(5 * 48 / 56, rel=0.05)
    assert made.service.shape.name == "DeepSeek-V3.2"
    known = breakeven(path, mapping=mapping, days=4, peak=3, **machines).weighed.demand
    assert known.requests == 14
    assert known.peak == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"requests": None}, "Give a `log` of calls, or `requests`"),
        ({"requests": -1}, "`requests` is -1"),
        ({"requests": float("inf")}, "`requests` is inf"),
        ({"input_tokens": None}, "needs `input_tokens`"),
        ({"model": None}, "Say `model`"),
        ({"api": "no-such-model"}, "No list price of no-such-model"),
        ({"operator": "nobody"}, "No list price of deepseek-v3.2 at nobody"),
        ({"requests": 1e-9}, "`requests` is 1e-09"),
        ({"peak": 0.5}, "`peak` is 0.5"),
        ({"purchase_usd": 30_000.0, "usd_per_chip_hour": 2.0}, "not both"),
        ({"chip": "H20"}, "give `usd_per_chip_hour`"),
        ({"years": 0}, "`years` is 0"),
        ({"extra_usd_per_day": -5}, "`extra_usd_per_day` is -5"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as refused:
        breakeven(**ASKED | change)
    assert says in str(refused.value)


def test_a_log_without_times(tmp_path: Path) -> None:
    path = log_of(tmp_path / "calls.jsonl", hours=1)
    with pytest.raises(InputError, match="say `days`"):
        breakeven(path, mapping={"key": "id"}, as_of=DAY, chip="H200", gpus=8)


def test_the_command() -> None:
    args = "--requests 100000 --input-tokens 3000 --output-tokens 500 --model DeepSeek-V3.2"
    said = CliRunner().invoke(
        main,
        [
            "breakeven",
            *args.split(),
            *["--chip", "H200", "--gpus", "8", "--as-of", "2026-10-31", "--csv"],
        ],
    )
    assert said.exit_code == 0, said.output
    assert said.output.startswith("case,own_usd_per_day")
    wrong = CliRunner().invoke(main, ["breakeven", *args.split()])
    assert "--chip" in wrong.output
