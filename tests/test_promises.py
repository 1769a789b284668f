"""What docs/reference/stability.md promises is there: names, options, arguments, keys, formats."""

import json
from copy import deepcopy

from scripts.write_promises import FILE, Surfaces, gone, surfaces

_WHAT_TO_DO = (
    "1.x promises these (docs/reference/stability.md), and programs of users name them. Keep the "
    "old name beside the new one (an option: `older=`; a function: a second one that warns), and "
    "say so in CHANGELOG.md under Deprecated. Only for a new major version: `make promises`."
)


def _promised() -> Surfaces:
    read: Surfaces = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def test_nothing_that_was_promised_is_gone() -> None:
    lost = gone(_promised(), surfaces())
    assert not lost, "Gone: " + "; ".join(lost) + ". " + _WHAT_TO_DO


def test_each_kind_of_promise_is_kept_watch_of() -> None:
    promised = _promised()
    assert len(promised["command and its options"]) > 30
    assert "--as-of" in promised["command and its options"]["h2h check"]
    assert "as_of" in promised["Python function and its arguments"]["check"]
    assert "verdicts" in promised["result and its attributes"]["CheckResult"]
    assert "as_of" in promised["REST route and its parameters"]["/api/v1/check"]
    assert promised["exit code"]["InputError"] == ["64"]
    assert "schema" in promised["JSON object"]["every"]
    assert "inspect" in promised["format of results and logs"]
    there = deepcopy(promised)
    for names in there.values():
        names.pop(min(names))
    assert len(gone(promised, there)) == len(promised)
    there = deepcopy(promised)
    there["exit code"]["InputError"] = ["1"]
    assert gone(promised, there) == ["exit code: 64 of InputError"]
