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

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    percent,
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


@dataclass(frozen=True, slots=True)
class _Domain:
    scores: Mapping[int, float]
    cost_usd: float | None
    agent_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Submission:
    folder: str
    model: str
    organisation: str
    submitter: str
    day: date
    voice: bool
    remarks: tuple[str, ...]
    domains: Mapping[str, _Domain] = field(default_factory=dict)


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


def _add(parsed: Parsed, s: _Submission, known_on: date) -> None:
    early = s.day < _RELEASED
    remarks = list(s.remarks)
    if early:
        remarks.append(_EARLY.format(day=s.day, released=_RELEASED))
    for domain, result in s.domains.items():
        known = max(s.day, _REGRADED) if domain == "banking_knowledge" else s.day
        for k, score in result.scores.items():
            row: Row = {
                "benchmark": "tau2_voice" if s.voice else "tau2",
                "part": f"{domain}_pass_{k}",
                "model_name": s.model,
                "setting": s.folder,
                "score_frac": score,
                "chance_corrected": False,
                "tasks_n": _TASKS[domain],
                "organisation": s.organisation,
                "evaluator": "third_party" if s.submitter == "Sierra" else "first_party",
                "observed_on": None if early else s.day,
                "known_on": known_on if early else known,
                "verified": not early,
            }
            notes = remarks
            if k == 1:
                # A cost of 0 comes with runs that did not count it.
                cost = result.cost_usd * _TASKS[domain] if result.cost_usd else None
                row |= {"cost_usd": cost, "latency_mean_seconds": result.agent_seconds}
                notes = [*remarks, _COST] if cost else remarks
            parsed.add("benchmark_scores", {**row, "note": " ".join(notes) or None})


def _from_csv(record: Record) -> _Submission:
    modality = record.maybe("modality", "text")
    if modality not in ("text", "standard", "custom", "voice"):
        raise record.wrong("modality", modality)
    submission = _Submission(
        folder=record.text("dir"),
        model=record.text("model"),
        organisation=record.text("org"),
        submitter=record.text("sub_org"),
        day=record.day("date"),
        voice=modality == "voice",
        remarks=("Custom scaffold.",) if modality == "custom" else (),
        domains={
            domain: _Domain(
                _scores(record, f"{domain}_"),
                record.number_maybe(f"{domain}_cost"),
            )
            for domain in _TASKS
        },
    )
    record.done()
    return submission


def _from_json(f: RawFile, folder: str) -> _Submission:
    record = Record(_ID, f.name, json.loads(f.text()))
    modality, kind = record.maybe("modality", "text"), record.maybe("submission_type", "standard")
    if modality not in ("text", "voice") or kind not in ("standard", "custom"):
        raise record.wrong("modality or submission_type", (modality, kind))
    remarks = ["Custom scaffold."] if kind == "custom" else []
    if effort := record.maybe("reasoning_effort"):
        remarks.append(f"Reasoning effort {effort}.")
    submission = _Submission(
        folder=folder,
        model=record.text("model_name"),
        organisation=record.text("model_organization"),
        submitter=record.text("submitting_organization"),
        day=record.day("submission_date"),
        voice=modality == "voice",
        remarks=tuple(remarks),
        domains=_domains(f, record.take("results")),
    )
    # contact_info names people and is never read.
    record.skip("contact_info", "is_new", "trajectories_available", "trajectory_files")
    record.skip("references", "methodology", "voice_config", "interaction_metrics")
    record.done("model_release")
    return submission


def _domains(f: RawFile, results: Mapping[str, Mapping[str, object] | None]) -> dict[str, _Domain]:
    domains = {}
    for domain, fields in Record(_ID, f"{f.name} results", results).rest().items():
        if domain not in _TASKS:
            raise UpstreamChanged(_ID, f.name, f"an unknown domain {domain!r}")
        if fields is None:
            continue
        record = Record(_ID, f"{f.name} {domain}", fields)
        domains[domain] = _Domain(
            _scores(record, ""),
            record.number_maybe("cost"),
            record.number_maybe("agent_time_seconds"),
        )
        record.skip("retrieval_config", "user_cost", "total_cost", "duration_seconds")
        record.done("user_time_seconds", "tool_time_seconds")
    return domains


def _scores(record: Record, prefix: str) -> dict[int, float]:
    """K -> pass^k, of those that were given."""
    found = {k: record.convert_maybe(f"{prefix}pass_{k}", percent) for k in _PASSES}
    return {k: score for k, score in found.items() if score is not None}
