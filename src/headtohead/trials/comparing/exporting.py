"""Writes runs as Every Eval Ever: a document for each, and its samples beside it.

Schema: github.com/evaleval/every_eval_ever, `eval.schema.json` and
`instance_level_eval.schema.json`. Its data lie at `data/BENCHMARK/DEVELOPER/MODEL/UUID.json`.
"""

import hashlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call, Usage
from headtohead.logs.openai import content_text
from headtohead.publish.files import replace
from headtohead.trials.comparing.pairing import ModelRun

_SCHEMA = "0.3.0"
_HARNESSES = ("harness", "inspect_ai", "lm_eval", "promptfoo")
_STOPS = {"refused": "content_filter", "limit": "max_tokens"}
_UNSAFE = re.compile(r"[^\w.-]+")
_NO_FOLDER = re.compile(r"(data|(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.)?", re.IGNORECASE)


def write_run(run: ModelRun, folder: Path) -> int:
    """Write a run into the folder `data` of a folder, which may be called so itself.

    The schema has no place for an answer without a score, so those are left out, and their number
    stands in the document.

    Returns:
        How many answers were left out.

    Raises:
        InputError: If no answer has a score.
        StoreFull: If it cannot be written.
    """
    model = run.model or run.name
    task, metric = run.meta.task or run.meta.format, run.meta.metric or "score"
    time = f"{run.path.stat().st_mtime:.0f}"
    about = {
        "schema_version": _SCHEMA,
        "evaluation_id": f"{task}/{model.replace('/', '_')}/{time}",
    }
    scores = [call.score for call in run.calls if call.score is not None]
    lost = len(run.calls) - len(scores)
    if not scores:
        raise InputError(
            f"`every_eval_ever` holds only answers with a score, and {run.path} has none for "
            f"{run.name}. Score them first, as with `scorer='exact'`, or leave it out."
        )
    samples = b"\n".join(
        msgspec.json.encode(
            {**about, "model_id": model, "evaluation_name": task, "evaluation_result_id": metric}
            | sample
        )
        for sample in _samples(run)
    )
    checksum = hashlib.sha256(samples).hexdigest()
    place = document_place(model, task)
    name = uuid.UUID(checksum[:32], version=4)
    source: dict[str, Any] = {"dataset_name": task, "source_type": "other"}
    if lost:
        source["additional_details"] = {"answers_without_a_score": str(lost)}
    result = {
        "evaluation_result_id": metric,
        "evaluation_name": task,
        "source_data": source,
        "metric_config": {
            "metric_name": metric,
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": min([0.0, *scores]),
            "max_score": max([1.0, *scores]),
        },
        "score_details": {
            "score": sum(scores) / len(scores),
            "uncertainty": {"num_samples": len(scores)},
        },
    }
    facts = {**run.meta.may_differ, **run.meta.must_agree}
    version = next((facts[x] for x in _HARNESSES if x in facts), "unknown")
    library = {"name": run.meta.format, "version": version}
    document = document_of(model, task, time, library, [result]) | {
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": (place / f"{name}_samples.jsonl").as_posix(),
            "hash_algorithm": "sha256",
            "checksum": checksum,
            "total_rows": len(scores),
        },
    }
    root = folder.parent if folder.name == "data" else folder
    replace(root / place / f"{name}_samples.jsonl", samples)
    replace(root / place / f"{name}.json", msgspec.json.format(msgspec.json.encode(document)))
    return lost


def document_of(
    model: str, task: str, time: str, library: dict[str, str], results: list[dict[str, Any]]
) -> dict[str, Any]:
    """What stands in the document of every evaluation: of what, when, by what, with which results.

    Args:
        time: Seconds since 1970, as text.
    """
    developer, _ = _maker(model)
    return {
        "schema_version": _SCHEMA,
        "evaluation_id": f"{task}/{model.replace('/', '_')}/{time}",
        "retrieved_timestamp": time,
        "source_metadata": {
            "source_name": "headtohead",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
        },
        "eval_library": library,
        "model_info": {
            "name": model,
            "id": model,
            "developer": developer,
            "additional_details": {"deployment_type": "unknown", "model_availability": "unknown"},
        },
        "evaluation_results": results,
    }


def document_place(model: str, task: str) -> Path:
    """The folder of a model's documents, below the one that holds `data`."""
    developer, short = _maker(model)
    return Path("data", *map(_folder, (task, developer, short)))


def _maker(model: str) -> tuple[str, str]:
    """Who makes a model, and its name without that."""
    developer, _, short = model.rpartition("/") if model.count("/") < 2 else model.partition("/")
    return developer or _developer(model), short


def _developer(model: str) -> str:
    """Who makes a model of that name; "unknown" if our names do not tell."""
    from headtohead.names.names import Names

    known = Names.load().model(Names.load().resolve(model).model or "")
    return known.lab if known else "unknown"


def _folder(name: str) -> str:
    """A name as every system takes it for a folder."""
    safe = _UNSAFE.sub("_", name)
    return f"{safe}_" if _NO_FOLDER.fullmatch(safe) else safe


def _samples(run: ModelRun) -> Iterator[dict[str, Any]]:
    for call in run.calls:
        if call.score is None:
            continue
        raw = _asked(call)
        right = [] if call.reference is None else [call.reference]
        hashed = hashlib.sha256("".join([raw, *right]).encode()).hexdigest() if raw else None
        about = {**call.labels, "epoch": str(call.epoch)}
        if call.failure:
            about |= {"failure": call.failure}
        if call.failure in _STOPS:
            about |= {"stop_reason": _STOPS[call.failure]}
        performance: dict[str, Any] = {}
        if call.latency_s is not None and call.latency_s >= 0:
            performance["latency_ms"] = call.latency_s * 1000
        if call.cost_usd is not None:
            performance["additional_details"] = {"cost_usd": str(call.cost_usd)}
        yield {
            "sample_id": call.key,
            "sample_hash": hashed,
            "interaction_type": "single_turn",
            "input": {"raw": raw, "reference": right},
            "output": {"raw": [] if call.output is None else [call.output]},
            "messages": None,
            "answer_attribution": [],
            "evaluation": {"score": call.score, "is_correct": call.score >= 1},
            "token_usage": _tokens(call.usage) if call.usage else None,
            "performance": performance or None,
            "metadata": about,
        }


def _asked(call: Call) -> str:
    """The text of what was asked, all its messages one below the other; empty if unknown."""
    return "\n\n".join(content_text(x.get("content")) or "" for x in call.messages or ())


def _tokens(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "input_tokens_cache_write": usage.cache_write_tokens,
        "input_tokens_cache_read": usage.cache_read_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }
