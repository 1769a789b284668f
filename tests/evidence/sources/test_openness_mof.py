"""The importer of the Model Openness Framework's evaluations."""

import io
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources.openness_mof import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles, Row

DAY = date(2026, 5, 11)
MODEL = [
    *("Model architecture", "Model parameters (Final)", "Evaluation results"),
    *("Model card", "Data card", "Technical report"),
]
TOOLING = [*MODEL, "Training code", "Inference code", "Evaluation code", "Evaluation data"]
SCIENCE = [
    *(*TOOLING, "Datasets", "Data preprocessing code"),
    *("Model parameters (Intermediate)", "Research paper"),
]


def content(components: list[Any], licence: Any = None, **changes: object) -> bytes:
    listed = [
        {"name": c, "description": "x"} if isinstance(c, str) else {"description": "x", **c}
        for c in components
    ]
    release = {"name": "M-1", "producer": "Lab", "date": "2025-05-30", "type": "language"}
    given = {"license": {} if licence is None else licence, "components": listed}
    framework = {"name": "Model Openness Framework", "version": "1.0", "date": "2024-12-15"}
    return yaml.safe_dump(
        {"framework": framework, "release": {**release, **given, **changes}}
    ).encode()


def read(**files: bytes) -> Parsed:
    raw = tuple(RawFile(f"models/{name}.yml", text) for name, text in files.items())
    return parse(RawFiles("openness_mof", raw, DAY))


def row(components: list[Any], licence: Any = None, **changes: object) -> Row:
    (only,) = read(m=content(components, licence, **changes)).rows["openness_classes"]
    return only


MIT = {"distribution": {"name": "MIT", "path": ""}}


@pytest.mark.parametrize(
    ("components", "reached", "n"),
    [
        (MODEL[:-1], "none", 5),
        (MODEL, "III", 6),
        ([*MODEL[:-1], "Research paper"], "III", 6),
        ([*MODEL, "Sample model outputs"], "III", 6),
        (TOOLING, "II", 10),
        (TOOLING[1:], "none", 9),
        (SCIENCE, "I", 14),
    ],
)
def test_a_class_needs_all_of_its_components(components: list[str], reached: str, n: int) -> None:
    made = row(components, MIT)
    assert (made["openness_class"], made["open_components_n"]) == (reached, n)
    assert made["other_components"] is None


def test_only_an_open_licence_counts_and_absent_components_are_absent() -> None:
    components = [
        {"name": "Training code", "license": "unlicensed"},
        {"name": "Model parameters (Final)", "license": "Llama 2 Community License"},
        {"name": "Model card", "license": "Apache license 2.0"},
        {"name": "Datasets", "license": "Component not include."},
        {"name": "Data card", "license": "Undisclosed"},
        "Research paper",
    ]
    made = row(components)
    assert made["open_components"] == "Model card"
    assert made["other_components"] == "Training code; Model parameters (Final); Research paper"
    assert made["openness_class"] == "none"


def test_a_component_has_the_licence_of_its_kind_before_that_of_all() -> None:
    both = {"distribution": {"name": "Qwen License", "path": ""}, "code": {"name": "MIT"}}
    made = row(["Training code", "Model parameters (Final)"], both)
    assert made["open_components"] == "Training code"
    assert made["licence"] == "Qwen License"


def test_the_file_keeps_its_own_day_and_of_two_the_later_counts() -> None:
    older = content([], date="2024-04-18")
    parsed = read(a=content(["Model card"], MIT), b=older)
    (kept,) = parsed.rows["openness_classes"]
    assert kept["evaluated_on"] == date(2025, 5, 30)
    assert parsed.dropped == {"an older or second file of one model": 1}


def test_an_archive_gives_its_model_files_only() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in ("repo-main/models/M-1.yml", "repo-main/Test_Data/no.yml", "repo-main/a.png"):
            text = content(MODEL, MIT) if "models" in name else b"\x89PNG"
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    files = (RawFile("models.tar.gz", buffer.getvalue()),)
    (made,) = parse(RawFiles("openness_mof", files, DAY)).rows["openness_classes"]
    assert made["openness_class"] == "III"
    cut = (RawFile("models.tar.gz", buffer.getvalue()[:40]),)
    with pytest.raises(DamagedDownload):
        parse(RawFiles("openness_mof", cut, DAY))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (content(["Blueprint"]), "Blueprint"),
        (content([], colour="red"), "colour"),
        (content([], date="soon"), "date"),
        (content([{"name": "Model card", "mood": "good"}]), "mood"),
    ],
)
def test_a_changed_layout_is_refused(text: bytes, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(m=text)


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    found = importer("openness_mof")
    made, _ = rows_of(found, raw_from_folder(found.source, shared_evidence / "openness_mof", DAY))
    return made["openness_classes"]


def test_the_real_files(real: pl.DataFrame) -> None:
    assert real.height == 270
    classes = dict(real["openness_class"].value_counts().iter_rows())
    assert classes == {"none": 239, "III": 16, "II": 1, "I": 14}
    assert real.filter(model_name="OLMo-7B")["openness_class"].item() == "I"
    r1 = real.filter(model_name="DeepSeek-R1")
    assert r1["openness_class"].item() == "none"
    assert "Model parameters (Final)" in r1["open_components"].item()
    assert "Training code" not in r1["open_components"].item()
