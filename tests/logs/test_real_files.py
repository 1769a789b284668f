"""What the tools themselves wrote is read: every file, in every version, with the truth known.

How the files were made stands beside them in `formats/real_files/README.md`.
"""

from collections import Counter
from pathlib import Path

import pytest

from headtohead.logs.opening import FORMATS, load
from headtohead.trials.comparing.compare import compare
from headtohead.trials.comparing.pairing import open_run
from headtohead.trials.comparing.settings import CompareSettings

_FILES = Path(__file__).parent / "formats" / "real_files"
_CAPITALS = ("france", "italy", "spain", "japan", "peru", "kenya", "norway", "cuba")
_WRONG = {"small-a": {"kenya"}, "small-b": {"kenya", "japan", "peru"}}
_ITEM = {"key": "metadata.item"}
_OTLP = {
    "openai-v2-2.1b0/small-a.otlp.jsonl": {"error": 1, "refused": 1},
    "openai-v2-2.4b0/small-a.otlp.jsonl": {"error": 1, "refused": 1},
    "openai-v2-2.4b0/small-a-latest.otlp.jsonl": {"error": 1, "refused": 1, "empty": 1},
    # This version drops the span of a call that fails.
    "traceloop-0.33.12/small-a.otlp.jsonl": {"refused": 1, "empty": 1},
    "traceloop-0.62.4/small-a.otlp.jsonl": {"error": 1, "refused": 1, "empty": 1},
    "openinference-0.1.18/small-a.otlp.json": {"error": 1, "refused": 1, "empty": 1},
    "openinference-0.1.66/small-a.otlp.json": {"error": 1, "refused": 1, "empty": 1},
    "openinference-0.1.66/small-b.otlp.jsonl": {"error": 1, "refused": 1, "empty": 1},
}


def test_at_least_forty_files_are_of_the_tools_themselves() -> None:
    older = (Path(__file__).parent / "formats" / "inspect_logs").iterdir()
    files = [x for x in _FILES.rglob("*") if x.is_file() and x.suffix != ".md"]
    assert len(files) + len(list(older)) >= 40


@pytest.mark.parametrize("name", _OTLP)
def test_spans_of_each_version_hold_request_answer_tokens_and_time(name: str) -> None:
    calls = load(_FILES / name).calls
    answers = Counter(call.output for call in calls)
    right = {"Paris", "Rome", "Madrid", "Oslo", "Havana"}
    assert right <= answers.keys()
    assert answers["Once upon"] == 1
    failures = Counter(call.failure for call in calls if call.failure)
    assert failures == _OTLP[name]
    for call in calls:
        assert call.messages is not None
        assert call.messages[-1]["role"] == "user"
        assert (call.latency_s or 0) > 0
        assert call.instant is not None
        if call.failure != "error":
            assert call.usage is not None
            assert call.usage.input_tokens >= 11


@pytest.mark.parametrize("version", ["0.1.18", "0.1.66"])
def test_spans_of_openinference_pair_by_their_metadata(version: str) -> None:
    found = load(_FILES / f"openinference-{version}" / "small-a.otlp.json", mapping=_ITEM)
    calls = {call.key: call for call in found.calls}
    assert calls.keys() >= {*_CAPITALS, "stream"}
    assert (calls["kenya"].output, calls["stream"].output) == ("London", "Paris")
    assert calls["france"].usage is not None
    assert calls["france"].usage.cache_read_tokens == 4
    assert calls["story"].labels["finish"] == "length"


@pytest.mark.parametrize("version", ["0.3.90", "0.3.285"])
@pytest.mark.parametrize("model", ["small-a", "small-b"])
def test_inspect_logs_of_each_version_hold_the_truth(version: str, model: str) -> None:
    found = load(_FILES / f"inspect-{version}" / f"{model}.eval")
    assert len(found.calls) == 22
    wrong = {c.key for c in found.calls if c.score == 0 and c.key in _CAPITALS}
    assert wrong == _WRONG[model]
    paris = next(call for call in found.calls if call.key == "france")
    assert (paris.output, paris.model.rpartition("/")[2]) == ("Paris", model)
    assert paris.usage is not None
    assert (paris.usage.input_tokens, paris.usage.cache_read_tokens) == (16, 4)
    failures = {(c.key, c.failure) for c in found.calls if c.failure}
    assert failures == {("nothing", "empty"), ("story", "limit"), ("forbidden", "refused")}


@pytest.mark.parametrize("folder", ["0.4.5/small-a", "0.4.13/small-a", "0.4.13/small-b"])
def test_lm_eval_of_each_version_holds_the_truth(folder: str) -> None:
    found = load(_FILES / f"lm-eval-{folder}")
    model = folder.rpartition("/")[2]
    scores = {call.key: call.score for call in found.calls}
    wrong = {_CAPITALS[n] for n in range(8) if scores[f"caps/{n}"] == 0}
    assert wrong == _WRONG[model]
    assert len(scores) == 16
    assert sum(found.dropped.values()) == 6
    assert "exact_match,strict-match" in found.meta.metric
    assert found.calls[0].output == "Paris"


@pytest.mark.parametrize("version", ["0.91.3", "0.121.20"])
def test_promptfoo_of_each_version_holds_the_truth(version: str) -> None:
    found = load(_FILES / f"promptfoo-{version}" / "results.json")
    assert len({(call.model, call.run) for call in found.calls}) == 4
    wrong = Counter(
        (call.model.rpartition(":")[2], call.labels["question"].split()[5].strip("?,").lower())
        for call in found.calls
        if call.score == 0 and "capital" in call.key
    )
    assert wrong == {
        ("small-a", "kenya"): 2,
        **{("small-b", country): 2 for country in _WRONG["small-b"]},
    }
    assert {call.failure for call in found.calls if "break" in call.key} == {"error"}
    # It knows no price of these models: that is no cost of 0.
    assert {call.cost_usd for call in found.calls} <= {None, 0.0}
    assert all(c.cost_usd is None for c in found.calls if c.usage)


def test_lines_of_promptfoo_read_like_its_document() -> None:
    folder = _FILES / "promptfoo-0.121.20"
    lines, whole = (load(folder / f"results.{end}").calls for end in ("jsonl", "json"))
    assert [(c.key, c.score, c.output) for c in lines] == [
        (c.key, c.score, c.output) for c in whole
    ]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("deepeval-4.3.1/small-a.json", "deepeval-4.3.1/small-b.json"),
        ("helm-0.5.16/small-a", "helm-0.5.16/small-b"),
        ("inspect-0.3.285/small-a.eval", "inspect-0.3.285/small-b.eval"),
        ("lm-eval-0.4.13/small-a", "lm-eval-0.4.13/small-b"),
        ("lighteval-0.13.0/details/lab/small-a", "lighteval-0.13.0/details/lab/small-b"),
        ("swebench-5.0.2/lab__small-a.trial1.json", "swebench-5.0.2/lab__small-b.trial1.json"),
    ],
)
def test_two_runs_of_one_tool_are_compared_as_they_are(a: str, b: str) -> None:
    runs = [open_run(str(_FILES / name)) for name in (a, b)]
    found = compare(runs[0], runs[1], CompareSettings(margin=0.05))
    assert found.difference.value is not None
    assert found.difference.value < 0


def test_spend_logs_hold_request_answer_tokens_cost_and_time() -> None:
    path = _FILES / "litellm-1.108.7" / "small-a.jsonl"
    found = load(path, mapping={"key": "metadata.spend_logs_metadata.item"})
    answers = {call.key: call.output for call in found.calls}
    assert set(_CAPITALS) < set(answers)
    assert (answers["france"], answers["kenya"]) == ("Paris", "London")
    failures = {call.key: call.failure for call in found.calls if call.failure}
    assert failures == {"nothing": "empty", "forbidden": "refused"}
    for call in found.calls:
        assert call.model == "small-a"
        assert [x["role"] for x in call.messages or ()] == ["system", "user"]
        assert call.params == {"temperature": 0, "max_tokens": 20}
        assert call.usage is not None
        used = call.usage
        assert used.cache_read_tokens == 4 < used.input_tokens
        # One and four US dollars per million tokens.
        assert call.cost_usd == pytest.approx((used.input_tokens + 4 * used.output_tokens) / 1e6)
        assert 0 < (call.latency_s or 0) < 1
        assert call.instant is not None
        assert call.labels["team"] == "capitals"


def test_every_format_but_our_own_says_what_was_tried() -> None:
    for name, module in FORMATS.by_name.items():
        tried = module.FORMAT.tried
        page = _page(name)
        assert all(version in page for part in tried for version in part.split()[1:]), name


def _page(name: str) -> str:
    pages = Path(__file__).parents[2].joinpath("docs", "how-to").glob("read-*.md")
    held = [page.read_text(encoding="utf-8") for page in pages]
    return "\n".join(text for text in held if name in text.lower())
