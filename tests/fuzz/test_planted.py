"""Each kind of fault that broken files and arguments once showed, by name."""

import codecs
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.claims.test_load import GOOD
from tests.fuzz.arguments import commands_of, good_files
from tests.fuzz.mutations import zip_of
from tests.fuzz.seeds import claims_in, of_format, ran, scores
from tests.logs.formats.real import FILES
from tests.ratings.reading.vote_files import write

from headtohead.core.errors import ClaimsFileError, InputError
from headtohead.files.records import records
from headtohead.logs.calls import started_at
from headtohead.logs.opening import load

_Path = tuple[str | int, ...]


def _set(value: Any, path: _Path, new: object) -> Any:
    """The value with something else at a path."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _set(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize(
    ("log", "path"),
    [
        ("inspect_logs/0.3.120.json", ("eval", "config")),
        ("inspect_logs/0.3.120.json", ("eval", "packages")),
        ("inspect_logs/0.3.120.json", ("eval", "task_args")),
        ("inspect_logs/0.3.120.json", ("eval", "dataset")),
        ("inspect_logs/0.3.41.json", ("samples", 0, "output", "choices", 0, "stop_reason")),
        ("inspect_logs/0.3.41.json", ("samples", 0, "messages", 0)),
        ("real_files/helm-0.5.16/small-a/run_spec.json", ("adapter_spec",)),
        ("real_files/helm-0.5.16/small-a/scenario_state.json", ("request_states", 0, "result")),
        ("real_files/swebench-5.0.2/lab__small-a.trial1.json", ("resolved_ids", 0)),
        ("real_files/lm-eval-0.4.5/small-a/results_*.json", ("config",)),
        ("real_files/lm-eval-0.4.5/small-a/results_*.json", ("n-shot",)),
        ("real_files/lm-eval-0.4.5/small-a/results_*.json", ("higher_is_better",)),
    ],
)
@pytest.mark.parametrize("new", ["x", 5, [[]]])
def test_a_value_of_another_type_in_what_a_tool_wrote_is_named(
    log: str, path: _Path, new: object, tmp_path: Path
) -> None:
    (file,) = FILES.parent.glob(log)
    for beside in file.parent.iterdir():
        (tmp_path / beside.name).write_bytes(beside.read_bytes() if beside.is_file() else b"")
    whole = json.loads(file.read_bytes())
    (tmp_path / file.name).write_text(json.dumps(_set(whole, path, new)))
    folder = file.parent.parent.parent.name == "real_files"
    if path[-1] in ("stop_reason", "resolved_ids") and new == "x":
        pytest.skip("a text is what stands there")
    with pytest.raises(InputError, match=tmp_path.name):
        load(tmp_path if folder and "swebench" not in log else tmp_path / file.name)


def test_damage_inside_an_archive_is_the_files(tmp_path: Path) -> None:
    (path := tmp_path / "rows.zip").write_bytes(zip_of(b'{"id": 1, "score": 1}\n'))
    whole = path.read_bytes()
    for damaged in (b"\0" * 4 + whole[4:], whole[:3] + b"\0" + whole[3:], whole[:8] + whole[14:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"rows\.zip"):
            load(path)
    log = of_format("inspect")(tmp_path)
    held = io.BytesIO(log.read_bytes())
    with zipfile.ZipFile(held) as archive:
        last = max(info.header_offset for info in archive.infolist())
    log.write_bytes(held.getvalue()[:last] + held.getvalue()[last + 40 :])
    with pytest.raises(InputError, match=log.name):
        load(log)


def test_a_name_or_a_cell_that_is_no_text_is_named(tmp_path: Path) -> None:
    (path := tmp_path / "rows.jsonl").write_bytes(b'{"id": "a", "sc\xe9": 1, "score": 1}\n')
    with pytest.raises(InputError, match=r"rows\.jsonl"):
        load(path)
    table = write(tmp_path / "rows.parquet", [{"id": "wombats", "score": 1}])
    table.write_bytes(table.read_bytes().replace(b"wombats", b"womb\xe9ts"))
    with pytest.raises(InputError, match=r"rows\.parquet"):
        list(records(table))


@pytest.mark.parametrize("seconds", [1e18, -1e18, 253402300800, float("inf"), float("nan")])
def test_a_time_that_no_calendar_has_is_unknown(seconds: float) -> None:
    assert not started_at(seconds)


def test_items_on_which_the_ablest_agree_wholly_have_a_correlation_of_one(tmp_path: Path) -> None:
    rows = [
        {"id": f"q{i}", "model": m, "score": int((i * 7 + ord(m)) % 3 > 0)}
        for m in "abcdef"
        for i in range(12)
    ]
    code, said = ran(["items", str(write(tmp_path / "runs.jsonl", rows)), "--json"])
    assert code == 0, said


def test_own_models_without_a_release_day_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good_files(tmp_path)
    code, said = ran([*commands_of("")["gap"], "--json"])
    assert code == 0, said
    assert json.loads(said)["sources"]


@pytest.mark.parametrize("column", ["model", "items", "released_on"])
@pytest.mark.parametrize("value", [[1], {"a": 1}, b"\xff"])
def test_lists_in_own_scores_are_no_scores(tmp_path: Path, column: str, value: object) -> None:
    rows = [{**row, column: value} for row in scores()]
    code, said = ran(["index", "--scores", str(write(tmp_path / "own.parquet", rows))])
    assert code in (0, 64)
    assert "Traceback" not in said


@pytest.mark.parametrize("level", ["1e-17", "0.99999999999999999", "nan", "0", "1"])
def test_a_level_whose_quantile_is_none_is_refused(tmp_path: Path, level: str) -> None:
    good_files(tmp_path)
    for command in (["rank", "votes.jsonl"], ["compare", "rows.jsonl::a", "rows.jsonl::b"]):
        verb, *files = command
        given = [verb, *(str(tmp_path / file) for file in files), "--level", level]
        code, said = ran(given)
        assert code == 64
        assert "--level" in said


def test_more_items_than_anybody_has_are_refused() -> None:
    given = ["plan", "--discordance", "0.3", "--items", "9" * 400]
    code, said = ran(given)
    assert code == 64
    assert "--items" in said
    assert len(said) < 300


def test_a_ballot_that_cannot_be_written_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good_files(tmp_path)
    code, said = ran(
        [*commands_of("http://127.0.0.1:1/v1")["switch by people"], "--ballot", "rows.jsonl/x"]
    )
    assert code == 64
    assert "--ballot" in said


def test_an_unknown_verdict_of_a_metric_leaves_the_case_unknown(tmp_path: Path) -> None:
    whole = json.loads((FILES / "deepeval-2.5.5" / "small-a.json").read_bytes())
    cases = whole["testCases"] if "testCases" in whole else whole["testRunData"]["testCases"]
    lost = next(one for case in cases for one in case["metricsData"] if one["success"] is False)
    del lost["success"]
    (path := tmp_path / "lost.json").write_text(json.dumps(whole), encoding="utf-8")
    before = {c.key: c.score for c in load(FILES / "deepeval-2.5.5" / "small-a.json").calls}
    after = {c.key: c.score for c in load(path).calls}
    turned = [key for key, score in after.items() if score != before[key]]
    assert [after[key] for key in turned] in ([], [None])


def test_a_resolved_id_that_was_never_sent_is_refused(tmp_path: Path) -> None:
    whole = json.loads((FILES / "swebench-5.0.2" / "lab__small-a.trial1.json").read_bytes())
    whole["resolved_ids"][0] = "wombat-1"
    (path := tmp_path / "lab__small-a.trial1.json").write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(InputError, match="wombat-1"):
        load(path)


def test_a_file_whose_name_is_too_long_is_not_written(tmp_path: Path) -> None:
    code, said = ran(["names", "gpt-4o", "--html", str(tmp_path / ("o" * 300))])
    assert code in (64, 74)
    assert "could not be written" in said


@pytest.mark.parametrize("row", [0, 1])
def test_a_long_cell_makes_no_long_message(tmp_path: Path, row: int) -> None:
    cells = [["model_a", "model_b", "wins_a", "wins_b"], ["x", "y", "3", "2"]]
    cells[row][2] = "9x" * 40_000
    path = tmp_path / "votes.csv"
    path.write_text("".join(",".join(cell) + "\n" for cell in cells), encoding="utf-8")
    code, said = ran(["rank", str(path)])
    assert code == 64
    assert len(said) < 3000


@pytest.mark.parametrize("coded", [codecs.BOM_UTF8 + GOOD.encode(), GOOD.encode("utf-16")])
def test_claims_are_read_in_any_encoding_and_container(tmp_path: Path, coded: bytes) -> None:
    for number, held in enumerate((coded, gzip.compress(coded), zip_of(coded))):
        (path := tmp_path / f"{number}.toml").write_bytes(held)
        assert claims_in(path)
    deep = tmp_path / "deep.toml"
    deep.write_text(f"title = {'[' * 20_000}", encoding="utf-8")
    with pytest.raises(ClaimsFileError, match=r"deep\.toml"):
        claims_in(deep)
