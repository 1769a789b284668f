"""Sierra's tau2-bench leaderboard: agents serving simulated customers, pass^1 to pass^4.

Two layouts are read: the leaderboard's own folders, each with a `submission.json`, and a CSV with
one line a submission. Traps met in them:

* voice runs have the same domains as text runs but are far harder: they are `tau2_voice`;
* only Sierra's own runs count as third-party, every other submitter measured a system of its own;
* a submission dated before tau2-bench came out cannot be a result of it as dated: its rows are
  unverified and known only from the import on;
* banking_knowledge was graded anew on 2026-07-15, so no such score was known before that day
  (https://github.com/sierra-research/tau2-bench, notes of claude-opus-4-5_sierra_2026-02-26);
* the published cost is an average per conversation, without the simulated customer's: it is
  multiplied by the number of tasks, as the cost of one attempt at each.
"""

from collections.abc import Mapping
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
    json_record,
    percent,
    remarks,
)

_ID = "tau2"

SOURCE = Source(
    source_id=_ID,
    publisher="Sierra",
    product="tau2-bench leaderboard submissions",
    citation="Barres et al. (2025). tau2-bench: Evaluating conversational agents. Leaderboard.",
    url="https://github.com/sierra-research/tau2-bench",
    licence="MIT",
    evaluator="mixed",
    ship="yes",
    how_to_get=(
        "git clone --depth 1 https://github.com/sierra-research/tau2-bench, then import its "
        "folder web/leaderboard/public/submissions."
    ),
    patterns=("tau2_submissions.csv", "submission.json"),
    rows={"benchmark_scores": (100, 20_000)},
)

# Tasks a domain, as the submissions count their own simulations.
_TASKS = {"retail": 114, "airline": 50, "telecom": 114, "banking_knowledge": 97}
_PASSES = (1, 2, 3, 4)
_RELEASED = date(2025, 6, 9)
_REGRADED = date(2026, 7, 15)
_EARLY = (
    "Dated {day}, before tau2-bench came out ({released}): a result of the first tau-bench, or a "
    "wrong date."
)
_COST = "Cost: the published average per conversation, agent only, times the number of tasks."


# pass^k by k, then US dollars and the agent's seconds a conversation.
_Domain = tuple[dict[int, float], float | None, float | None]
# What the rows of a submission share, its remarks, and its results by domain.
_Submission = tuple[Row, list[str], Mapping[str, _Domain]]


def parse(raw: RawFiles) -> Parsed:
    """One row a submission, domain and pass^k."""
    parsed = Parsed()
    for f in raw.matching("tau2_submissions.csv"):
        for record in csv_records(_ID, f):
            _add(parsed, _from_csv(record), raw.known_on)
    for f in raw.matching("submission.json"):
        folder = f.name.rsplit("/", 2)[-2] if "/" in f.name else ""
        if folder.startswith("A_EXAMPLE"):
            parsed.drop("an example submission")
        else:
            _add(parsed, _from_json(f, folder), raw.known_on)
    return parsed


def _add(parsed: Parsed, submission: _Submission, imported_on: date) -> None:
    shared, said, domains = submission
    day = shared["observed_on"]
    if early := day < _RELEASED:
        said = [*said, _EARLY.format(day=day, released=_RELEASED)]
        shared |= {"observed_on": None, "verified": False}
    for domain, (scores, cost_usd, seconds) in domains.items():
        known = max(day, _REGRADED) if domain == "banking_knowledge" else day
        # A cost of 0 comes with runs that did not count it.
        cost = cost_usd * _TASKS[domain] if cost_usd else None
        for k, score in scores.items():
            row = {
                **shared,
                "part": f"{domain}_pass_{k}",
                "score_frac": score,
                "chance_corrected": False,
                "tasks_n": _TASKS[domain],
                "known_on": imported_on if early else known,
                "note": remarks(*said, k == 1 and cost and _COST, by=" "),
            }
            if k == 1:
                row |= {"cost_usd": cost, "latency_mean_seconds": seconds}
            parsed.add("benchmark_scores", row)


def _shared(record: Record, folder: str, fields: tuple[str, str, str, str], *, voice: bool) -> Row:
    """What the rows of a submission share; `fields` name model, maker, submitter and day."""
    model, maker, submitter = (record.text(name) for name in fields[:3])
    return {
        "benchmark": "tau2_voice" if voice else "tau2",
        "model_name": model,
        "setting": folder,
        "organisation": maker,
        "evaluator": "third_party" if submitter == "Sierra" else "first_party",
        "observed_on": record.day(fields[3]),
        "verified": True,
    }


def _from_csv(record: Record) -> _Submission:
    modality = record.maybe("modality", "text")
    if modality not in ("text", "standard", "custom", "voice"):
        raise record.wrong("modality", modality)
    fields = ("model", "org", "sub_org", "date")
    row = _shared(record, record.text("dir"), fields, voice=modality == "voice")
    domains = {
        domain: (_scores(record, f"{domain}_"), record.number_maybe(f"{domain}_cost"), None)
        for domain in _TASKS
    }
    record.done()
    return row, ["Custom scaffold."] if modality == "custom" else [], domains


def _from_json(f: RawFile, folder: str) -> _Submission:
    record = json_record(_ID, f)
    modality, kind = record.maybe("modality", "text"), record.maybe("submission_type", "standard")
    if modality not in ("text", "voice") or kind not in ("standard", "custom"):
        raise record.wrong("modality or submission_type", (modality, kind))
    said = ["Custom scaffold."] if kind == "custom" else []
    if effort := record.maybe("reasoning_effort"):
        said.append(f"Reasoning effort {effort}.")
    fields = ("model_name", "model_organization", "submitting_organization", "submission_date")
    row = _shared(record, folder, fields, voice=modality == "voice")
    domains = _domains(record.part("results", record.take("results")))
    # contact_info names people and is never read.
    record.skip("contact_info", "is_new", "trajectories_available", "trajectory_files")
    record.skip("references", "methodology", "voice_config", "interaction_metrics")
    record.done("model_release")
    return row, said, domains


def _domains(results: Record) -> dict[str, _Domain]:
    domains = {}
    for domain, fields in results.rest().items():
        if domain not in _TASKS:
            raise UpstreamChanged(_ID, results.where, f"an unknown domain {domain!r}")
        if fields is None:
            continue
        record = results.part(domain, fields)
        cost, seconds = (record.number_maybe(name) for name in ("cost", "agent_time_seconds"))
        domains[domain] = (_scores(record, ""), cost, seconds)
        record.skip("retrieval_config", "user_cost", "total_cost", "duration_seconds")
        record.done("user_time_seconds", "tool_time_seconds")
    return domains


def _scores(record: Record, prefix: str) -> dict[int, float]:
    """K -> pass^k, of those that were given."""
    scores = {k: record.convert_maybe(f"{prefix}pass_{k}", percent) for k in _PASSES}
    return {k: score for k, score in scores.items() if score is not None}
