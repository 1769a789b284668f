"""Each kind of fault that broken files and arguments once showed, by name."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.mutations import zip_of
from tests.fuzz.seeds import of_format
from tests.ratings.reading.vote_files import write
from tests.trials.reading.formats.real import FILES

from headtohead.core.errors import InputError
from headtohead.files.records import records
from headtohead.trials.calls import started_at
from headtohead.trials.reading.opening import load

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
    if path[-2:] == ("resolved_ids", 0) and not isinstance(new, list):
        pytest.skip("any text or number may be an id")
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
