"""Epoch AI's Capabilities Index: fitted scores, benchmark difficulties, and Epoch's own runs.

The benchmark file gathers scores from some seventy publishers. Epoch licenses its fitted numbers
and its own evaluations; every other score keeps its publisher's terms, so only rows whose source
names `EPOCH_OWN_RUNS` are taken.

Two layouts are read. Until the summer of 2026 the index stood in `epoch_capabilities_index.csv`,
one row for each version of a model and without intervals, and the days of the scores were written
4/23/2026. The index alone, without the other two files, is enough.
"""

from collections.abc import Mapping
from datetime import date

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import EPOCH_ACCESS, EPOCH_OWN_RUNS, epoch_scores
from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFiles,
    Record,
    Row,
    Source,
    benchmark_id,
)

_ID = "epoch_eci"
_FILES = ("eci_scores.csv", "edi_scores.csv", "eci_benchmarks.csv")
_OLD_INDEX = "epoch_capabilities_index.csv"
_OLD_DIFFICULTIES = "eci_benchmark_difficulties_and_slopes.csv"

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="Epoch Capabilities Index: scores, difficulties and Epoch's own evaluations",
    citation="Epoch AI (2026). Epoch Capabilities Index. https://epoch.ai/benchmarks/eci",
    url="https://epoch.ai/benchmarks/eci",
    licence="CC-BY-4.0",
    ship="yes",
    downloads=tuple(Download(name, f"https://epoch.ai/data/{name}") for name in _FILES),
    patterns=(*_FILES, _OLD_INDEX, _OLD_DIFFICULTIES),
    rows={
        "index_scores": (100, 3_000),
        "index_benchmarks": (0, 500),
        "benchmark_scores": (0, 20_000),
    },
    whole=True,
)

_ACCESS = EPOCH_ACCESS | {"Unknown", ""}
_FLAGS = {"True": True, "False": False}
_PREVIEWS = {
    ("o3", date(2024, 12, 20)): "dated by its preview; released on 2025-04-16",
}


def parse(raw: RawFiles) -> Parsed:
    """The index of one vintage, and the scores of Epoch's own runs behind it."""
    parsed = Parsed()
    edition = {"known_on": raw.known_on, "vintage": raw.known_on}
    if any(raw.matching(_OLD_INDEX)):
        index = _old_index(parsed, raw)
    else:
        index = [_index_row(record) for record in raw.csv("eci_scores.csv")]
    for row in index:
        if row["released_on"] is None:
            parsed.drop("no release date")
        else:
            parsed.add("index_scores", row | edition)
    for name in ("edi_scores.csv", _OLD_DIFFICULTIES):
        for record in raw.csv(name) if any(raw.matching(name)) else ():
            parsed.add("index_benchmarks", _difficulty(record) | edition)
    if any(raw.matching("eci_benchmarks.csv")):
        _own_runs(parsed, raw, {row["model_name"]: row["organisation"] for row in index})
    return parsed


def _index_row(record: Record) -> Row:
    model, released = record.take("Model"), record.day_maybe("date")
    record.take("model_versions")
    row = {
        "index_name": "eci",
        "model_name": model,
        "score_index": record.number("eci"),
        "score_low_index": record.number_maybe("eci_ci_low"),
        "score_high_index": record.number_maybe("eci_ci_high"),
        "level_frac": 0.90,
        "released_on": released,
        "organisation": record.maybe("Organization"),
        "country_name": record.maybe("Country (of organization)"),
        "access": record.one_of("Model accessibility", _ACCESS) or None,
        "note": _PREVIEWS.get((model, released)) if released else None,
    }
    record.done("Display name", "Accessibility group")
    return row


def _old_index(parsed: Parsed, raw: RawFiles) -> list[Row]:
    """One row a model, from one a version: by its first day, and by the name the scores have.

    Several models may share one name there ("GPT-4o"). The file of scores tells them apart; without
    it each version keeps its own name where their scores differ.
    """
    of_version: dict[str, str] = {}
    if any(raw.matching("eci_benchmarks.csv")):
        for record in raw.csv("eci_benchmarks.csv"):
            of_version[record.text("model_version")] = record.text("model")
    versions: dict[str, dict[str, Row]] = {}
    for record in raw.csv(_OLD_INDEX):
        version, model = record.text("Model version"), record.text_maybe("Model name")
        row = {
            "index_name": "eci",
            "score_index": record.number_maybe("ECI Score"),
            "released_on": record.day_maybe("Release date"),
            "organisation": record.maybe("Organization"),
            "country_name": record.maybe("Country"),
            "access": record.one_of("Model accessibility", _ACCESS) or None,
        }
        record.done("Training compute (FLOP)", "Confidence", "Description", "Display name")
        if row["score_index"] is None:
            parsed.drop("a version without a place on the index")
        elif of_version and version not in of_version:
            parsed.drop("a version with no score of its own")
        else:
            name = of_version.get(version) or model or version
            versions.setdefault(name, {})[version] = row
    index = []
    for name, by_version in versions.items():
        one_score = len({row["score_index"] for row in by_version.values()}) == 1
        if one_score:
            # The first day of them; a version without a day speaks last.
            by_version = {name: min(by_version.values(), key=_first)}
        index += [row | {"model_name": n} for n, row in by_version.items()]
    return index


def _first(row: Row) -> date:
    return row["released_on"] or date.max


def _difficulty(record: Record) -> Row:
    row = {
        "index_name": "eci",
        "benchmark": benchmark_id(record.take("benchmark_name")),
        "difficulty_index": record.number("edi"),
        "discrimination_slope": record.number("estimated_slope_scaled"),
        "is_anchor": record.convert("is_anchor", _FLAGS.__getitem__),
        "released_on": record.day_maybe("benchmark_release_date"),
    }
    record.done()
    return row


def _own_runs(parsed: Parsed, raw: RawFiles, makers: Mapping[str, str | None]) -> None:
    from headtohead.evidence.traps import name_columns

    scores = list(epoch_scores(raw, makers))
    for source, row in scores:
        if EPOCH_OWN_RUNS in source:
            parsed.add("benchmark_scores", row | {"evaluator": "third_party"})
        else:
            parsed.drop("third-party terms" if source else "no source stated")
    if merged := name_columns([row for _, row in scores], ["model_name"], ["benchmark"]):
        raise UpstreamChanged(_ID, "eci_benchmarks.csv", f"column 'model' with {merged[0].what}")
