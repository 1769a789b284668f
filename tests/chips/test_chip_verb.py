"""`h2h chip` from the door: one chip, all chips, a chip of one's own, and bad input."""

import json
from datetime import date

import pytest
from click.testing import CliRunner, Result

import headtohead
from headtohead.cli import main
from headtohead.core.errors import InputError, NoEvidence, UnknownName

_DAY = "2026-10-31"


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, ["chip", *words, "--as-of", _DAY])


def test_the_h20_after_the_letter() -> None:
    said = _run("H20", "--about", "2025-05-01")
    assert said.exit_code == 0
    assert "LICENCE BY LETTER" in said.output
    assert "reported, not checked" in said.output
    assert said.output.count("no legal advice") == 1


@pytest.mark.parametrize("name", ["h20", "NVIDIA H20", "Nvidia H20 96GB", "H-20"])
def test_a_chip_goes_by_many_names(name: str) -> None:
    result = headtohead.chip(name, as_of=_DAY)
    assert [one.measured.chip for one in result.chips] == ["H20"]


def test_a_chip_of_the_long_list_is_classified_too() -> None:
    one = headtohead.chip("NVIDIA A100 PCIe", as_of=_DAY, about="2023-01-01").chips[0]
    assert one.status.item == "3A090"


def test_cards_for_desks_are_not_judged_as_chips_for_data_centres() -> None:
    # 3,120 TPP and 8.2 a square millimetre: 3A090.a, were it sold for data centres.
    one = headtohead.chip("NVIDIA GeForce RTX 4080", as_of=_DAY, about="2023-12-01").chips[0]
    assert (one.measured.get("density") or 0) > 5.92
    assert one.status.item == "none"
    server = headtohead.chip("MI355X", as_of=_DAY).chips[0]  # without its maker
    assert server.measured.chip == "AMD Instinct MI355X"
    assert server.status.item == "3A090.a"
    assert "read from its name" in one.note
    # Its links are not known: whether the letters speak of it is open, and no headline says so.
    open_ = _run("GeForce RTX 4080", "--about", "2025-05-01").output
    assert open_.startswith("NOT KNOWN")
    assert "whether the letters to makers speak of it hangs on" in " ".join(open_.split())


def test_before_the_first_rule_nothing_is_called_free() -> None:
    said = " ".join(_run("H20", "--about", "1999-01-01").output.split())
    assert said.startswith("NO RULE YET")
    assert "the first took effect on 21 October 2022" in said


def test_all_chips_on_a_day_and_the_same_as_data() -> None:
    result = headtohead.chip(as_of=_DAY, about="2023-12-01")
    assert len(result.chips) == 28
    rows = json.loads(_run("--about", "2023-12-01", "--json").output)["results"]
    assert {row["chip"]: row["item"] for row in rows if row["chip"] in ("L20", "L40", "L4")} == {
        "L20": "none",
        "L40": "3A090.b",
        "L4": "3A090.a",
    }
    assert result.to_frame().height == 28


def test_a_chip_of_ones_own() -> None:
    own = {"tops": 148.0, "bits": "16", "die_mm2": 814.0, "as_of": _DAY}
    assert headtohead.chip(**own).chips[0].status.item == "none"
    assert headtohead.chip(**own | {"tops": 300.0}).chips[0].status.item == "3A090.a"
    consumer = headtohead.chip(**own | {"tops": 299.0}, data_centre=False)
    assert consumer.chips[0].status.item == "none"
    said = _run("--tops", "148", "--transistors-n", "40e9")
    assert "presumed to be item 3A090.a" in said.output
    unsure = " ".join(_run("--tops", "300", "--bits", "8").output.split())
    assert "hangs on a figure that is not known" in unsure


def test_a_chip_below_every_line_rests_on_the_lines_that_were_not_read_too() -> None:
    one = headtohead.chip("H20", as_of=_DAY, about="2025-05-01").chips[0]
    assert {c.certainty for c in one.status.by} >= {"read"}
    assert any(c.certainty == "secondary" for c in one.status.missed)
    assert one.status.certainty == "secondary"
    # What is 3A090.a by a line that was read hangs on no other.
    assert headtohead.chip("H200", as_of=_DAY).chips[0].status.certainty == "read"


def test_a_terminal_shows_what_decides_and_data_has_every_rule() -> None:
    said = _run("H20", "--about", "2025-05-01").output
    assert len(said.splitlines()) < 45
    assert "no rule" not in said
    assert "In --html and --json too: Near a line and Rules without a threshold" in said
    found = json.loads(_run("H20", "--about", "2025-05-01", "--json").output)
    assert len(found["thresholds"]) == 16
    assert "transistors" in json.dumps(found["thresholds"])
    assert [row["status"] for row in found["history"]] == ["not controlled", "licence by letter"]
    assert "25% duty" in json.dumps(found["other_rules"])
    # A rule that names the chip is said of it, from its first day.
    assert "for 15% of" not in said
    assert "for 15% of" in _run("H20", "--about", "2025-09-01").output
    assert len(_run("--about", "2023-12-01").output.splitlines()) < 75


def test_what_was_not_known_then_does_not_count() -> None:
    assert headtohead.chip("H800", as_of="2023-10-01").chips[0].status.item == "none"
    # Known before it was in force: the day asked about decides.
    known = headtohead.chip("H800", as_of="2023-10-20")
    assert known.chips[0].status.item == "none"
    assert known.history(known.chips[0].measured)[-1][2].item == "3A090.a"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("H9000",), "No chip is called 'H9000'. Did you mean"),
        (("--tops", "-3"), "--tops is -3.0; it must be a number above 0"),
        (("--tops", "9", "--die-mm2", "0"), "--die-mm2 is 0.0; it must be a number above 0"),
        (("--die-mm2", "800"), "A chip of your own needs --tops"),
        (("H20", "--tops", "148"), "Give a chip by its name, 'H20', or by --tops of its own"),
        (("H20", "--about", "2025-05"), "is not a day"),
        (("H20", "--about", "soon"), "is not a date"),
        (("H20", "--about", "2126-01-01"), "lies in the future"),
        (("--tops", "nan"), "it must be a number above 0"),
    ],
)
def test_bad_input_says_what_to_do(words: tuple[str, ...], message: str) -> None:
    said = _run(*words)
    assert said.exit_code == 64
    assert message in said.output


def test_errors_in_python() -> None:
    with pytest.raises(UnknownName):
        headtohead.chip("H9000", as_of=_DAY)
    with pytest.raises(NoEvidence, match="No export rule on chips was known on 2021-01-01"):
        headtohead.chip("A100", as_of=date(2021, 1, 1))
    with pytest.raises(InputError, match="lies after `as_of`"):
        headtohead.chip("A100", as_of="2025-01-01", about="2025-02-01")
