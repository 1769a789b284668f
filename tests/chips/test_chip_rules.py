"""The rules on chips against the outcomes that became public, chip by chip."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.chips.rules import Clause, Measured, borders, clauses_of, decide, measured_of
from headtohead.evidence.facts import Facts

FACTS, TODAY = Facts(), date(2026, 10, 31)
CLAUSES: tuple[Clause, ...] = clauses_of(FACTS.frame("chip_rules", TODAY))
CHIPS: Mapping[str, Measured] = {
    row["chip"]: measured_of(row)
    for row in FACTS.frame("controlled_chips", TODAY).iter_rows(named=True)
}
D2022, D2023, D2026 = date(2023, 6, 1), date(2023, 12, 1), date(2026, 2, 1)
A, B = "3A090.a", "3A090.b"
# Chip -> (TPP, density, status 2022, status November 2023, status January 2026); None: not asked.
EXPECTED: Mapping[str, tuple[float, float | None, str | None, str | None, str | None]] = {
    "A100": (4992, 6.04, "3A090", A, "case_by_case"),
    "A800": (4992, 6.04, "none", A, "case_by_case"),
    "H100": (15832, 19.45, "3A090", A, "case_by_case"),
    "H800": (15832, 19.45, "none", A, "case_by_case"),
    "H200": (15832, 19.45, "3A090", A, "case_by_case"),
    "H20": (2368, 2.91, "none", "none", "letter"),
    "L20": (1912, 3.14, "none", "none", None),
    "L2": (1544, 5.24, "none", "none", None),
    "L4": (1940, 6.59, "none", A, None),
    "L40": (2896, 4.76, "none", B, None),
    "L40S": (5864, 9.64, "none", A, None),
    "RTX 4090": (5285, 8.68, "none", f"{A} NAC", None),
    "RTX 4090D": (4704, 7.73, "none", "none", None),
    "RTX 5090": (6704, 8.94, None, f"{A} NAC", None),
    "RTX 5090D": (4750, 6.33, None, "none", None),
    "B200": (36000, 22.5, None, A, "denial"),
    "B300": (54000, 33.8, None, A, "denial"),
    "B30A": (27000, 33.8, None, A, "denial"),
    "MI300X": (20919, 20.6, None, A, "case_by_case"),
    "MI325X": (20919, 20.6, None, A, "case_by_case"),
    "MI308X": (3040, 1.57, None, "none", "letter"),
    "Ascend 910B": (6016, 9.0, None, A, None),
    "Ascend 910C": (12032, 9.0, None, A, None),
    "Gaudi 2": (6920, 8.4, "3A090", A, "case_by_case"),
    "Gaudi 3": (29360, None, None, A, "denial"),
    "V100": (2000, 2.45, "none", "none", None),
    "A30": (2640, 3.20, "none", B, None),
}


def _item(chip: str, day: date) -> str:
    status = decide(CHIPS[chip], CLAUSES, day)
    return status.item + (" NAC" if status.exception == "NAC" else "")


@pytest.mark.parametrize("chip", EXPECTED)
def test_the_measures_of_the_table(chip: str) -> None:
    tpp, density, *_ = EXPECTED[chip]
    assert CHIPS[chip].get("tpp") == pytest.approx(tpp, abs=1)
    assert CHIPS[chip].get("density") == (density and pytest.approx(density, rel=0.005))


@pytest.mark.parametrize(
    ("chip", "day", "expected"),
    [
        (chip, day, status)
        for chip, (_, _, *statuses) in EXPECTED.items()
        for day, status in zip((D2022, D2023, D2026), statuses, strict=True)
        if status
    ],
)
def test_the_status_that_became_public(chip: str, day: date, expected: str) -> None:
    if day != D2026:
        assert _item(chip, day) == expected
        return
    status = decide(CHIPS[chip], CLAUSES, day)
    assert expected == (status.letter if expected == "letter" else status.review)


def test_rules_hold_from_their_first_day_to_their_last() -> None:
    assert _item("A100", date(2022, 10, 20)) == "none"
    assert _item("A100", date(2022, 10, 21)) == "3A090"
    assert _item("H800", date(2023, 11, 16)) == "none"
    assert _item("H800", date(2023, 11, 17)) == A
    assert decide(CHIPS["H20"], CLAUSES, date(2025, 4, 8)).words == "not controlled"
    assert decide(CHIPS["H20"], CLAUSES, date(2025, 4, 9)).words == "licence by letter"
    assert decide(CHIPS["H200"], CLAUSES, date(2026, 1, 14)).review == "denial"
    assert decide(CHIPS["H200"], CLAUSES, date(2026, 1, 15)).review == "case_by_case"


def test_what_lies_near_a_line_says_what_would_turn_it() -> None:
    turned = {
        (chip, border.measure): border
        for chip in CHIPS
        for border in borders(CHIPS[chip], CLAUSES, D2026)
        if border.turns
    }
    assert turned["L20", "density"].line == 3.2
    assert turned["A10", "density"].after.item == B
    # Made for China just below 2,400: its density alone would not have saved it.
    assert turned["H20", "tpp"].line == 2400
    assert turned["MI325X", "tpp"].after.review == "denial"
    b30a = turned["B30A", "formats"]
    assert (b30a.line, b30a.after.review) == (18000, "case_by_case")
    # The A30 lies on 3.2 too, but is 3A090.b by its TPP on either side.
    near = [b for b in borders(CHIPS["A30"], CLAUSES, D2026) if b.line == 3.2]
    assert [b.turns for b in near] == [False]
    assert not borders(CHIPS["H100"], CLAUSES, D2026)


def test_a_figure_that_is_not_known_leaves_open_only_what_hangs_on_it() -> None:
    fast = Measured(chip="x", tops={8: 2000})
    assert decide(fast, CLAUSES, D2026).item == A
    assert decide(fast, CLAUSES, D2026).review == "not known"  # no memory bandwidth
    middling = Measured(chip="x", tops={8: 300})
    assert decide(middling, CLAUSES, D2026).item == "not known"  # no die area
    assert decide(Measured(chip="x", tops={8: 100}), CLAUSES, D2026).item == "none"
    assert decide(Measured(chip="x"), CLAUSES, D2026).item == "not known"


_GRAVE = ("none", B, A)


@given(
    tops=st.floats(1, 10_000),
    more=st.floats(1, 5),
    die=st.floats(50, 2000),
    memory=st.floats(50, 20_000),
)
def test_a_faster_chip_is_never_less_controlled(
    tops: float, more: float, die: float, memory: float
) -> None:
    def grave(speed: float) -> int:
        chip = Measured(chip="x", tops={8: speed}, die_mm2=die, memory_gb_per_s=memory)
        return _GRAVE.index(decide(chip, CLAUSES, D2026).item)

    assert grave(tops * more) >= grave(tops)
