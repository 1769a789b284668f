"""LiveBench: score tables by day, and what each task cost on one of them.

Questions change from table to table, so each table is a benchmark of its own and scores are
compared within one. `olympiad` and `math_comp` are made from olympiads and contests; models that
stand in several tables have the same scores there, so these two kept their 77 and 102 questions.
Plain GPT-5 is not in the table of December 2025 (GPT-5 Pro and GPT-5.1 are).

Models are added to a table for months after its day. A row counts as known from the edition it was
read from, and as observed on the table's day or, if that is later, on its model's release.

A cost table holds, for each task, the dollars spent and the number of questions. Its cost of a
successful task is the cost of a question over LiveBench's average, the mean of its categories: that
average is the score of the row `overall`.
"""

import re
from datetime import date

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import (
    Parsed,
    RawFile,
    RawFiles,
    Record,
    Row,
    Source,
    csv_records,
    github,
    percent,
)
from headtohead.names.names import Names

_ID = "livebench"
_DAYS = ("2025_11_25", "2025_12_23", "2026_01_08", "2026_06_25")

SOURCE = Source(
    source_id=_ID,
    publisher="LiveBench",
    product="score tables and cost tables",
    citation="White, C. et al. LiveBench. https://livebench.ai/",
    url="https://livebench.ai/",
    licence="LicenseRef-None-Stated",
    ship="no",
    downloads=(
        *github("LiveBench/new-livebench/main/public", *(f"table_{day}.csv" for day in _DAYS)),
        *github("LiveBench/new-livebench/main/public", "cost_2026_06_25.csv", optional=True),
    ),
    patterns=("table_????_??_??.csv", "cost_????_??_??.csv"),
    rows={"benchmark_scores": (500, 200_000)},
)

_FILE = re.compile(r"(?P<kind>table|cost)_(?P<day>\d{4}_\d{2}_\d{2})\.csv")
_KEPT = {"math_comp": 102, "olympiad": 77}
# Effort and thinking budget, where they end a name: they tell two runs of one model apart.
_EFFORT = re.compile(
    r"(?P<model>.+?)-(?P<setting>base|highthinking"
    r"|(?:thinking-(?:\d+k|auto)-)?(?:minimal|low|medium|high|xhigh|max)-effort)"
)


def parse(raw: RawFiles) -> Parsed:
    """One row a model and task of each table, with its cost where a cost table says it."""
    parsed = Parsed()
    tables = {day: f for f in raw.files if (day := _day_of(f, "table"))}
    costs = {day: f for f in raw.files if (day := _day_of(f, "cost"))}
    if lost := costs.keys() - tables.keys():
        raise UpstreamChanged(_ID, costs[min(lost)].name, "a cost table without its score table")
    for day, f in sorted(tables.items()):
        spent = _costs(costs[day]) if day in costs else {}
        for record in csv_records(_ID, f):
            model = record.text("model")
            cost, questions, whole = spent.get(model, ({}, {}, {}))
            for part, text in record.rest().items():
                if text == "":
                    parsed.drop("a task not taken")
                    continue
                cell = record.part(model, {part: text})
                scored = {
                    "part": part.lower(),
                    "score_frac": cell.convert(part, percent),
                    "tasks_n": questions.get(part) or _KEPT.get(part),
                    "cost_usd": cost.get(part),
                }
                parsed.add("benchmark_scores", _row(model, day) | scored)
            if whole:
                parsed.add("benchmark_scores", _row(model, day) | whole)
    return parsed


def _day_of(f: RawFile, kind: str) -> date | None:
    match = _FILE.fullmatch(f.name.split("/")[-1])
    if match and match["kind"] == kind:
        return date.fromisoformat(match["day"].replace("_", "-"))
    return None


def _row(model: str, day: date) -> Row:
    match = _EFFORT.fullmatch(model)
    name = match["model"] if match else model
    return {
        "benchmark": f"livebench_{day:%Y_%m_%d}",
        "model_name": name,
        "setting": match["setting"] if match else None,
        "chance_corrected": False,
        "evaluator": "third_party",
        "observed_on": max(day, _released(name) or day),
    }


def _released(name: str) -> date | None:
    names = Names.load()
    model = names.model(names.resolve(name).model or "")
    return model.released_on if model else None


def _costs(f: RawFile) -> dict[str, tuple[dict[str, float], dict[str, int], Row]]:
    """Model -> dollars by task, questions by task, and what holds of the whole run."""
    by_model = {}
    for record in csv_records(_ID, f):
        model = record.text("model")
        a_question = record.number("cost_per_question")
        a_success = record.number("cost_per_successful_task")
        record.skip("avg_input_tokens", "avg_output_tokens")
        record.skip("input_price_per_million", "output_price_per_million")
        fields = record.rest()
        tasks = [name.removeprefix("nq_") for name in fields if name.startswith("nq_")]
        read = Record(_ID, record.where, fields)
        questions = {task: read.convert(f"nq_{task}", int) for task in tasks}
        # A price of 0 is no price: a model in preview costs nothing yet.
        dollars = {task: usd for task in tasks if (usd := read.number(task)) > 0}
        read.done(*(f"out_{task}" for task in tasks))
        n = sum(questions.values())
        whole: Row = {}
        if a_success > 0:
            whole = {
                "part": "overall",
                "score_frac": round(a_question / a_success, 4),
                "tasks_n": n,
                "cost_usd": round(a_question * n, 4),
            }
        by_model[model] = (dollars, questions, whole)
    return by_model
