"""Inspect logs: zip of zstd or deflate, and the JSON document."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call, Usage
from headtohead.logs.opening import Loaded, load
from headtohead.trials.comparing.compare import rescored
from headtohead.trials.comparing.pairing import open_run
from headtohead.trials.sampling.drawing import unfit
from headtohead.trials.scoring.scored import scorer_from

_ZSTD, _DEFLATE = 93, 8


def _header(n: int, status: str = "success", **run: Any) -> dict[str, Any]:
    return {
        "version": 2,
        "status": status,
        "eval": {
            "run_id": "r1",
            "created": "2026-03-01T10:00:00+00:00",
            "task": "shop/refunds",
            "task_version": 3,
            "task_registry_name": "shop/refunds",
            "task_args": {"difficulty": "hard"},
            "dataset": {"name": "refunds", "samples": 50, "sample_ids": list(range(1, n + 1))},
            "model": "openai/small-1",
            "model_generate_config": {"temperature": 0.3},
            "config": {"epochs": 1},
            "packages": {"inspect_ai": "0.3.285", "shop": "1.4"},
            "scorers": [{"name": "match", "options": {}}, {"name": "rubric"}],
            **run,
        },
        "plan": {"steps": [{"solver": "generate", "params": {}}], "config": {}},
        "results": {
            "total_samples": n,
            "scores": [{"name": "match", "scorer": "match"}],
            "headline": {"scorer": "match"},
        },
    }


def _sample(key: int | str, value: Any = "C", epoch: int = 1, **more: Any) -> dict[str, Any]:
    asked = {"id": f"m{epoch}", "role": "user", "content": f"Refund {key}?", "source": "input"}
    said = {"id": f"a{epoch}", "role": "assistant", "content": "Yes", "source": "generate"}
    return {
        "id": key,
        "epoch": epoch,
        "input": f"Refund {key}?",
        "target": "Yes",
        "messages": [{"role": "system", "content": "Be brief."}, asked, said],
        "output": {"choices": [{"stop_reason": "stop"}], "completion": "Yes"},
        "scores": {"match": {"value": value}, "rubric": {"value": {"tone": 0.25, "facts": 1}}},
        "metadata": {"kind": "late", "level": 2, "note": "x" * 500, "shop": {"country": "PT"}},
        "model_usage": {
            "openai/small-1": {
                "input_tokens": 10,
                "output_tokens": 7,
                "total_tokens": 30,
                "input_tokens_cache_read": 5,
                "input_tokens_cache_write": 8,
                "reasoning_tokens": 3,
            },
            "openai/judge": {"input_tokens": 900, "output_tokens": 90, "total_tokens": 990},
        },
        "started_at": "2026-03-01T10:00:01+00:00",
        "total_time": 9.0,
        "working_time": 1.5,
        "events": [{"event": "model", "big": "z" * 1000}],
        **more,
    }


def _archive(
    path: Path, samples: list[dict[str, Any]], header: dict[str, Any], method: int = _ZSTD
) -> Path:
    name = "zipfile" if sys.version_info >= (3, 14) else "backports.zstd.zipfile"
    with importlib.import_module(name).ZipFile(path, "w", compression=method) as archive:
        archive.writestr("_journal/start.json", json.dumps({"version": 2, "eval": header["eval"]}))
        for sample in samples:
            member = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            archive.writestr(member, json.dumps(sample))
        if header["status"] != "started":
            archive.writestr("header.json", json.dumps(header))
    return path


def _document(path: Path, samples: list[dict[str, Any]], header: dict[str, Any]) -> Path:
    path.write_text(json.dumps({**header, "samples": samples}, indent=2), encoding="utf-8")
    return path


def example(folder: Path) -> Path:
    """An .eval log of four samples as Inspect 0.3.285 writes it: zstd inside the zip."""
    samples = [
        _sample(1),
        _sample(2, "I"),
        _sample(3, error={"message": "boom", "traceback": ""}, scores={}, model_usage={}),
        _sample(4, "P"),
    ]
    return _archive(folder / "run.eval", samples, _header(4))


def _read(path: Path, **mapping: str) -> Loaded:
    return load(path, mapping=mapping)


def _scores(calls: list[Call]) -> list[float | None]:
    return [call.score for call in calls]


def test_one_call_a_sample_with_all_it_tells(tmp_path: Path) -> None:
    found = _read(example(tmp_path))
    assert _scores(found.calls) == [1.0, 0.0, None, 0.5]
    assert [call.failure for call in found.calls] == ["", "", "error", ""]
    first = found.calls[0]
    # Inspect counts what came from a cache apart from input_tokens.
    assert first.usage == Usage(
        input_tokens=23,
        cache_read_tokens=5,
        cache_write_tokens=8,
        output_tokens=7,
        reasoning_tokens=3,
    )
    assert (first.key, first.epoch, first.model) == ("1", 1, "openai/small-1")
    assert (first.output, first.reference, first.latency_s) == ("Yes", "Yes", 1.5)
    assert first.labels == {"kind": "late", "level": "2", "shop.country": "PT"}
    assert first.messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Refund 1?"},
    ]


def test_what_generation_was_asked_with_is_sent_again(tmp_path: Path) -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    said = {"temperature": 0, "stop_seqs": ["."], "max_connections": 4, "extra_body": off}
    log = _document(tmp_path / "run.json", [_sample(1)], _header(1, model_generate_config=said))
    assert _read(log).calls[0].params == {"temperature": 0, **off, "stop": ["."]}


def test_what_must_agree_and_what_may_differ(tmp_path: Path) -> None:
    meta = _read(example(tmp_path)).meta
    assert (meta.task, meta.metric) == ("shop/refunds", "match")
    assert meta.must_agree == {
        "task version": "3",
        "data set": "refunds",
        "samples in the data set": "50",
        "scorers": "match, rubric",
        "solver": "generate",
        "task argument difficulty": "hard",
        "package shop": "1.4",
    }
    assert meta.may_differ["model"] == "openai/small-1"
    assert meta.may_differ["temperature"] == "0.3"
    assert meta.may_differ["other scorers"] == "rubric"


@pytest.mark.parametrize("method", [_ZSTD, _DEFLATE])
def test_archive_and_document_say_the_same(tmp_path: Path, method: int) -> None:
    samples = [_sample(i, "CIPN"[i % 4], epoch=e) for i in range(4) for e in (1, 2)]
    archive = _archive(tmp_path / "a.eval", samples, _header(8), method)
    document = _document(tmp_path / "a.json", samples, _header(8))
    assert _read(archive).calls == _read(document).calls
    assert _read(archive).meta == _read(document).meta


def test_fingerprint_is_of_the_text_not_of_ids_or_order_of_choices(tmp_path: Path) -> None:
    def chat(id: str, text: str) -> list[dict[str, Any]]:
        return [{"id": id, "role": "user", "content": text}]

    def of(name: str, **more: Any) -> str:
        path = _archive(tmp_path / f"{name}.eval", [_sample(1, **more)], _header(1))
        return _read(path).calls[0].fingerprint

    assert of("a", input=chat("x1", "Why?")) == of("b", input=chat("x2", "Why?"))
    assert of("a", input=chat("x1", "Why?")) != of("c", input=chat("x1", "How?"))
    assert of("d", choices=["p", "q"], target="A") == of("e", choices=["q", "p"], target="B")
    assert of("d", choices=["p", "q"], target="A") != of("f", choices=["q", "p"], target="A")


def test_a_scorer_is_chosen_by_name(tmp_path: Path) -> None:
    path = example(tmp_path)
    assert _scores(_read(path, score="rubric.tone").calls) == [0.25, 0.25, None, 0.25]
    assert _read(path, score="rubric.tone").meta.metric == "rubric.tone"
    with pytest.raises(UnknownName, match=r"scorer in .*run.eval.*'exact'.*match"):
        _read(path, score="exact")
    with pytest.raises(InputError, match=r"several parts.*'score': 'rubric.tone'.*tone, facts"):
        _read(path, score="rubric")
    with pytest.raises(InputError, match=r"'match' of sample 1.*no part"):
        _read(path, score="match.tone")


def test_an_unknown_score_is_an_error_with_the_sample(tmp_path: Path) -> None:
    path = _archive(tmp_path / "x.eval", [_sample(1), _sample(7, "maybe")], _header(2))
    with pytest.raises(InputError, match=r"x\.eval.*'match' of sample 7.*'maybe'"):
        _read(path)


def test_nan_is_no_score(tmp_path: Path) -> None:
    samples = [_sample(1, float("nan")), _sample(2, True)]
    for path in (
        _archive(tmp_path / "n.eval", samples, _header(2)),
        _document(tmp_path / "n.json", samples, _header(2)),
    ):
        assert _scores(_read(path).calls) == [None, 1.0]


def test_limits_are_scored_and_named(tmp_path: Path) -> None:
    samples = [
        _sample(1, "I", limit={"type": "token", "limit": 20}),
        _sample(2, output={"choices": [{"stop_reason": "max_tokens"}], "completion": "Ye"}),
        _sample(3, output={"choices": [{"stop_reason": "content_filter"}], "completion": ""}),
    ]
    calls = _read(_archive(tmp_path / "l.eval", samples, _header(3))).calls
    assert [(x.failure, x.score) for x in calls] == [
        ("limit", 0.0),
        ("limit", 1.0),
        ("refused", 1.0),
    ]


def test_an_unfinished_run_is_read_and_its_missing_samples_counted(tmp_path: Path) -> None:
    path = _archive(tmp_path / "u.eval", [_sample(1)], _header(4, status="started"))
    found = _read(path)
    assert len(found.calls) == 1
    assert found.dropped == {"the run ended with status 'started' before this sample": 3}


def test_fewer_samples_than_the_header_says_is_an_error(tmp_path: Path) -> None:
    path = _archive(tmp_path / "f.eval", [_sample(1)], _header(4))
    with pytest.raises(InputError, match=r"f\.eval.*holds 1 samples.*speaks of 4"):
        _read(path)
    for status in ("success", "started"):
        odd = _header(4, status, config={"epochs": "x"}, dataset={"sample_ids": 5})
        odd["results"]["total_samples"] = [4]
        assert len(load(_archive(tmp_path / "odd.eval", [_sample(1)], odd)).calls) == 1
    found = load(path, partial=True)
    assert len(found.calls) == 1
    assert found.dropped["samples that the header speaks of and the file lacks"] == 3


def test_invalidated_samples_are_counted_not_read(tmp_path: Path) -> None:
    samples = [_sample(1), _sample(2, invalidation={"author": "a"})]
    found = _read(_archive(tmp_path / "i.eval", samples, _header(2)))
    assert [x.key for x in found.calls] == ["1"]
    assert found.dropped == {"marked invalid in the log": 1}


def test_logs_of_the_first_versions_have_one_score_without_name(tmp_path: Path) -> None:
    sample = _sample(1)
    del sample["scores"]
    header = _header(1, scorers=None)
    header["results"] = None
    path = _document(tmp_path / "old.json", [{**sample, "score": {"value": "C"}}], header)
    assert _scores(_read(path).calls) == [1.0]


def test_no_samples_and_fixed_fields_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"e\.eval.*no samples.*--log-samples"):
        _read(_archive(tmp_path / "e.eval", [], _header(0)))
    with pytest.raises(InputError, match=r"mapping=.'key'.*fixes where this stands; only score"):
        _read(example(tmp_path), key="id")


def test_pictures_and_tool_calls_become_openai_messages(tmp_path: Path) -> None:
    picture = [{"type": "text", "text": "See"}, {"type": "image", "image": "data:x"}]
    called = {"id": "c", "function": "look", "arguments": {"a": 1}, "type": "function"}
    chat = [
        {"role": "user", "content": picture},
        {"role": "assistant", "content": "", "source": "input", "tool_calls": [called]},
        {"role": "tool", "content": "ok", "tool_call_id": "c"},
    ]
    sound = [{"role": "user", "content": [{"type": "audio", "audio": "x"}]}]
    samples = [_sample(1, messages=chat), _sample(2, messages=sound)]
    first, second = _read(_archive(tmp_path / "m.eval", samples, _header(2))).calls
    assert first.messages == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See"},
                {"type": "image_url", "image_url": {"url": "data:x"}},
            ],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"a":1}'},
                }
            ],
        },
        {"role": "tool", "content": "ok", "tool_call_id": "c"},
    ]
    assert second.messages is None


_REAL = Path(__file__).with_name("inspect_logs")


@pytest.mark.parametrize("log", sorted(_REAL.iterdir()), ids=lambda path: path.name)
def test_logs_of_old_versions_hold_their_answers_in_the_choices(log: Path) -> None:
    # Written by those versions of inspect-ai with its mock model; the second answer is in parts.
    loaded = _read(log)
    assert [call.output for call in loaded.calls] == ["4", "6", "8", "11", "12"]
    assert _scores(loaded.calls) == [1, 1, 1, 0, 1]
    again = rescored(open_run(str(log)), scorer_from("exact"))
    assert [call.score for call in again.calls] == [1, 1, 1, 0, 1]
    # A switch finds a request and an answer in each.
    assert [unfit(call) for call in loaded.calls] == [""] * 5


def test_missing_empty_refused_and_cut_off_are_four_things(tmp_path: Path) -> None:
    def said(content: Any, stop: str = "stop") -> dict[str, Any]:
        return {"choices": [{"message": {"content": content}, "stop_reason": stop}]}

    samples = [
        _sample(1, output={"choices": []}),
        _sample(2, output=said("")),
        _sample(3, output=said("No.", "content_filter")),
        _sample(
            4, output=said([{"type": "reasoning"}, {"type": "text", "text": "Y"}], "max_tokens")
        ),
    ]
    calls = _read(_document(tmp_path / "run.json", samples, _header(4))).calls
    assert [(call.output, call.failure) for call in calls] == [
        (None, ""),
        ("", "empty"),
        ("No.", "refused"),
        ("Y", "limit"),
    ]
