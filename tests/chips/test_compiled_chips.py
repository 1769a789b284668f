"""The statuses that others compiled by hand, against the one decision."""

import csv
from datetime import date
from pathlib import Path

from headtohead.chips.rules import Measured, clauses_of, decide
from headtohead.evidence.facts import Facts

# By a die area of 1,017 mm² the MI308X would be 3A090.b; its maker has published none.
_DISPUTED = {"MI308X"}


def test_compiled_statuses_agree(shared_evidence: Path) -> None:
    clauses = clauses_of(Facts().frame("chip_rules", date(2026, 10, 31)))
    with (shared_evidence / "chips" / "chips.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    for row in rows:

        def number(name: str, row: dict[str, str] = row) -> float | None:
            return float(row[name]) if row[name] else None

        chip = Measured(
            chip=row["chip"],
            tops={1: float(row["tpp"])},
            die_mm2=number("die_mm2"),
            memory_gb_per_s=number("mem_bw_gbs"),
            io_gb_per_s=number("link_gbs_bidir"),
        )
        old = decide(chip, clauses, date(2023, 6, 1)).item
        assert (old == "3A090") == (row["oct2022_3A090"] == "yes"), row["chip"]
        new = decide(chip, clauses, date(2026, 2, 1))
        assert new.item.replace("none", "below") == row["oct2023_class"], row["chip"]
        eligible = new.review == "case_by_case"
        assert eligible == (row["jan2026_case_by_case"] == "eligible"), row["chip"]
