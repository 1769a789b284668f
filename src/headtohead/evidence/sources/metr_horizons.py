"""METR's time horizons: how long a task each model solves half of the time, and four times in five.

A horizon is read off a curve fitted to tasks whose length is the time a person took. Its interval
is METR's own, 95%. Version 1.1 holds no Chinese model in the edition of April 2026.
"""

import re
from datetime import date

from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFiles,
    Record,
    Source,
    benchmark_id,
    yaml_of,
)

_ID = "metr_horizons"
_FILE = "benchmark_results_1_1.yaml"

SOURCE = Source(
    source_id=_ID,
    publisher="METR",
    product="time horizons of software tasks, version 1.1",
    citation="METR (2026). Time Horizon 1.1. https://metr.org/time-horizons/",
    url="https://metr.org/time-horizons/",
    licence="LicenseRef-None-Stated",
    ship="figures",
    downloads=(Download(_FILE, f"https://metr.org/assets/{_FILE}"),),
    patterns=("benchmark_results_*.yaml",),
    rows={"time_horizons": (20, 5_000)},
    whole=True,
)

_CHANCE = {"p50_horizon_length": 0.5, "p80_horizon_length": 0.8}
# Inspect is the framework of the run, no part of the model's name.
_FRAMEWORK = re.compile(r"_inspect$")


def parse(raw: RawFiles) -> Parsed:
    """One row a model and chance of success."""
    parsed = Parsed()
    file = raw.one("benchmark_results_*.yaml")
    top = Record(_ID, file.name, yaml_of(file.text()))
    suite = benchmark_id(top.text("benchmark_name"))
    results = top.part("results", top.take("results"))
    top.done("doubling_time_in_days", "long_tasks_version", "swaa_version")
    for agent, record in results.each():
        released = record.convert("release_date", lambda day: date.fromisoformat(str(day)))
        metrics = record.part("metrics", record.take("metrics"))
        record.done("benchmark_name", "scaffolds")
        for name, chance in _CHANCE.items():
            horizon = metrics.part(name, metrics.take(name))
            parsed.add(
                "time_horizons",
                {
                    "suite": suite,
                    "model_name": _FRAMEWORK.sub("", agent),
                    "success_frac": chance,
                    "horizon_minutes": horizon.number("estimate"),
                    "horizon_low_minutes": horizon.number_maybe("ci_low"),
                    "horizon_high_minutes": horizon.number_maybe("ci_high"),
                    "released_on": released,
                },
            )
            horizon.done()
        metrics.done("average_score", "is_sota")
    return parsed
