"""Item results against the stated headline."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.evidence.traps import headlines, item_mean

_SCORES = st.lists(st.sampled_from([0.0, 0.5, 1.0, np.nan]), min_size=1, max_size=40)


def test_claude_3_7_on_the_bash_only_board(shared_evidence: Path) -> None:
    path = shared_evidence / "swebench_bash_only" / "leaderboards_2025-12-10.json.gz"
    boards = json.loads(gzip.decompress(path.read_bytes()))["leaderboards"]
    (systems,) = (b["results"] for b in boards if b["name"] == "bash-only")
    found = [
        one
        for s in systems
        if (details := s.get("per_instance_details"))
        for one in headlines(
            [float(d["resolved"]) for d in details.values()],
            s["resolved"] / 100,
            name=s["name"],
            items=500,
            missing="failed",
        )
    ]
    assert [f.where for f in found] == ["Claude 3.7 Sonnet (20250219)"]
    assert found[0].what == "results by item that give 0.102 (n = 500), not 0.528"


def test_epochs_runs_add_up(shared_evidence: Path) -> None:
    folder = shared_evidence / "epoch_items"
    runs = pl.read_csv(folder / "epoch_runs.csv", infer_schema_length=None)
    accuracy = dict(runs.select("run_id", "acc").iter_rows())
    items = pl.read_parquet(folder / "epoch_items.parquet", columns=["run_id", "score"])
    for (run_id,), table in items.group_by("run_id"):
        assert not headlines(table["score"].to_numpy(), accuracy[run_id], name=str(run_id))


@given(_SCORES, st.integers(0, 5))
def test_a_headline_made_either_way_is_accepted(scores: list[float], more: int) -> None:
    known = [s for s in scores if s == s]
    items = len(scores) + more
    failed = sum(known) / items
    left_out = sum(known) / len(known) if known else 0.0
    found = item_mean(scores, items)
    assert (found.low, found.high) == pytest.approx((failed, left_out))
    assert found.scored + found.missing == items
    for stated in (failed, left_out, (failed + left_out) / 2):
        assert not headlines(scores, stated, name="x", items=items)
    assert headlines(scores, left_out + 0.006, name="x", items=items)
    assert headlines(scores, failed - 0.006, name="x", items=items)
    assert bool(headlines(scores, left_out, name="x", items=items, missing="failed")) == (
        left_out > failed + 0.005
    )


def test_missing_scores_are_said() -> None:
    (found,) = headlines([1, 1, 0, np.nan], 0.9, name="run")
    assert found.what == "results by item that give 0.500 to 0.667 (n = 3, 1 missing), not 0.900"


def test_refuses_what_is_no_headline() -> None:
    with pytest.raises(ValueError, match="3 scores for a headline over 2"):
        item_mean([1, 0, 1], 2)
    with pytest.raises(ValueError, match="0 scores"):
        item_mean([])
    with pytest.raises(ValueError, match="dimensions"):
        item_mean([[1.0]])
    with pytest.raises(ValueError, match="finite"):
        headlines([1.0], np.nan, name="x")
    with pytest.raises(ValueError, match="tolerance"):
        headlines([1.0], 1, name="x", tolerance=-1)
