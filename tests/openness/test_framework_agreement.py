"""The class of a model against the rules of the Model Openness Tool itself.

Its files give components and licences; the class is worked out by the tool (ModelEvaluator.php and
LicenseHandler.php of lfai/model_openness_tool, commit 8b5d30e9), written here a second time.
"""

import io
import tarfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from tests.simulations import leading

from headtohead.evidence.facts import Facts
from headtohead.evidence.openness_framework import COMPONENTS, class_of
from headtohead.evidence.sources.openness_mof import parse
from headtohead.evidence.sourcing import RawFile, RawFiles
from headtohead.openness.record import NO
from headtohead.openness.verb import openness_of

DAY = date(2026, 5, 11)
# The ids in the files that the tool counts as open: of the OSI, of the FSF, or for data.
OPEN_IDS = {
    *("Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "ISC", "0BSD", "OpenMDW-1.0"),
    *("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CDLA-Permissive-2.0", "ODC-By-1.0"),
}
REQUIRED = {
    3: "Model architecture|Model parameters (Final)|Technical report|Evaluation results"
    "|Model card|Data card",
    2: "Training code|Inference code|Evaluation code|Evaluation data",
    1: "Research paper|Datasets|Data preprocessing code|Model parameters (Intermediate)",
}


def tool_class(release: dict[str, Any]) -> str:
    """The class as the tool works it out, step by step."""
    given, included = release.get("license") or {}, set()
    for part in release["components"]:
        name = part["name"]
        licence = part.get("license")
        if licence is None:
            for place in (COMPONENTS[name].kind, "distribution"):
                licence = licence or (given.get(place) or {}).get("name")
        if licence in OPEN_IDS:
            included.add(name)
    reached, needed = "none", set()
    for number, called in ((3, "III"), (2, "II"), (1, "I")):
        needed |= set(REQUIRED[number].split("|"))
        paper = "Research paper" in included
        if needed - included - ({"Technical report"} if paper else set()):
            break
        reached = called
    return reached


def releases(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        for member in packed.getmembers():
            if member.name.endswith(".yml") and (opened := packed.extractfile(member)):
                yield member.name, opened.read()


@pytest.mark.parametrize("step", leading([4, 1], 1))
def test_of_all_its_files_95_in_100_are_classed_as_the_tool_does(
    shared_evidence: Path, step: int
) -> None:
    every = dict(releases((shared_evidence / "openness_mof/models.tar.gz").read_bytes()))
    assert len(every) == 273
    every = dict(sorted(every.items())[::step])
    differs = {}
    for name, text in every.items():
        raw = RawFiles("openness_mof", (RawFile(f"models/{Path(name).name}", text),), DAY)
        (ours,) = parse(raw).rows["openness_classes"]
        theirs = tool_class(yaml.safe_load(text)["release"])
        if ours["openness_class"] != theirs:
            differs[Path(name).stem] = (theirs, ours["openness_class"])
    assert len(differs) <= 0.05 * len(every)
    # Where we differ, the file has an open licence that is not written as SPDX writes it.
    assert set(differs) == set()


def test_records_of_shipped_files_keep_their_class_but_for_weights_nobody_can_download(
    facts: Facts,
) -> None:
    files = facts.frame("openness_classes", date(2026, 11, 1))
    unit = pl.coalesce("model_id", "model_name").alias("unit")
    last = files.select(unit, "openness_class", "evaluated_on").sort("evaluated_on")
    wanted = dict(last.select("unit", "openness_class").iter_rows())
    made = openness_of(facts, list(wanted), date(2026, 11, 1), date(2026, 11, 1))
    assert len(made) == len(wanted) >= 200
    differs = [r for r in made if (r.grade.least, r.grade.most) != (wanted[r.model],) * 2]
    assert len(differs) <= 0.05 * len(made)
    assert all(record.value("weights") == NO for record in differs)


def test_a_class_lost_with_any_required_component() -> None:
    every = [name for name, one in COMPONENTS.items() if one.required]
    assert class_of(every) == "I"
    for name in every:
        without = class_of([one for one in every if one != name])
        expected = {"III": "none", "II": "III", "I": "II"}[COMPONENTS[name].of_class]
        # The paper stands for the report, never the other way.
        assert without == ("I" if name == "Technical report" else expected)
