"""Model Openness Framework: which components of a model are published, under which licences.

The files are filled in by hand, many in 2024, some with slips: licences and labs are written in
many ways, and the weights of Claude 1 and 2, which nobody can download, stand under MIT. The class
is not in the files; it follows from them by the framework's rules. A component without a licence of
its own has that of its kind (code, data, document), else that of the distribution.
"""

import re
from collections.abc import Mapping
from datetime import date

from headtohead.evidence.openness_framework import COMPONENTS, class_of
from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFiles,
    Record,
    Row,
    Source,
    names,
    remarks,
    yaml_of,
)

_ID = "openness_mof"

SOURCE = Source(
    source_id=_ID,
    publisher="LF AI & Data (Model Openness Tool)",
    product="Model Openness Framework evaluations",
    citation="LF AI & Data. Model Openness Tool (MIT). https://isitopen.ai/",
    url="https://github.com/lfai/model_openness_tool",
    licence="MIT",
    ship="yes",
    downloads=(
        Download(
            "models.tar.gz",
            "https://codeload.github.com/lfai/model_openness_tool/tar.gz/refs/heads/main",
        ),
    ),
    patterns=("models*.tar.gz", "models/*.yml"),
    rows={"openness_classes": (100, 10_000)},
    whole=True,
)

# Licences for anyone and any purpose, however they are written.
_OPEN = re.compile(
    r"(?:apache(?: license)?[- ]2\.0|mit(?: license)?|(?:0?bsd|bsd-[234])(?:-clause)?|isc|unlicense"
    r"|cc0-1\.0|cc[- ]by(?:-sa)?[- ]4\.0|cdla-permissive-[12]\.0|odc-by-1\.0|odbl-1\.0|pddl-1\.0"
    r"|[al]?gpl-[23]\.0(?:-only|-or-later)?|mpl-2\.0|openmdw-1\.0)",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"component (?:component )?not includ.*|undisclosed", re.IGNORECASE)
_MODEL = re.compile(r"(?:^|/)models/[^/]+\.yml$")


def parse(raw: RawFiles) -> Parsed:
    """One row a model file."""
    texts = {f.name: f.text() for f in raw.matching("*.yml")}
    for f in raw.matching("models*.tar.gz"):
        texts |= {name: text for name, text in f.members(_MODEL) if text}
    parsed = Parsed()
    rows = [_row(Record(_ID, name, yaml_of(text))) for name, text in sorted(texts.items())]
    latest: dict[tuple[str, str | None], Row] = {}
    for row in sorted(rows, key=lambda row: row["evaluated_on"]):
        key = row["model_name"], row["organisation"]
        if key in latest:
            parsed.drop("an older or second file of one model")
        latest[key] = row
    for row in latest.values():
        parsed.add("openness_classes", row)
    return parsed


def _row(record: Record) -> Row:
    framework = record.part("framework", record.take("framework"))
    framework.one_of("name", ("Model Openness Framework",))
    framework.one_of("version", ("1.0",))
    framework.done("date")
    release = record.part("release", record.take("release"))
    record.done()
    licences: dict[str, str | None] = {}
    for kind, part in release.part("license", release.take("license") or {}).each():
        licences[kind] = part.text_maybe("name")
        part.done("path")
    components: dict[str, str | None] = {}
    for part in release.parts("component", release.items("components")):
        what = part.one_of("name", COMPONENTS)
        own = part.text_maybe("license")
        part.done(*names("description component_path license_path"))
        if own is None or not _ABSENT.fullmatch(own.strip(" .")):
            inherited = licences.get(COMPONENTS[what].kind) or licences.get("distribution")
            components[what] = own or inherited
    row = {
        "model_name": release.text("name").strip(),
        "organisation": release.text_maybe("producer"),
        "licence": licences.get("distribution"),
        "evaluated_on": release.convert("date", lambda day: date.fromisoformat(str(day))),
        **_class(components),
    }
    release.done(*names("version type architecture origin contact repository huggingface"))
    return row


def _class(components: Mapping[str, str | None]) -> Row:
    """The class and what it rests on, of each published component's licence."""
    is_open = [c for c, text in components.items() if text and _OPEN.fullmatch(text.strip())]
    others = [c for c in components if c not in is_open]
    return {
        "openness_class": class_of(is_open),
        "open_components": remarks(*is_open),
        "other_components": remarks(*others),
        "open_components_n": sum(COMPONENTS[c].required for c in is_open),
    }
