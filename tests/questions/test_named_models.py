"""Which rows speak for a named model, where several sources spell it in their own way."""

from typing import Any

import polars as pl

from headtohead.core.question import Named
from headtohead.evidence.picking import named

GPT_5 = Named("gpt-5", "openai/gpt-5")


def run(source: str, name: str, mode: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "benchmark": source,
        "model_name": name,
        "model_id": "openai/gpt-5",
        "mode": mode,
        "source_id": source,
        **changes,
    }


def names(rows: pl.DataFrame) -> list[str]:
    return rows["model_name"].to_list()


def test_how_one_source_spells_a_model_does_not_push_out_another_source() -> None:
    aider = [run("aider", "gpt-5 (high)", "high"), run("aider", "gpt-5 (low)", "low")]
    swe = [run("swe_bench", "gpt-5", None), run("swe_bench", "GPT-5 mini", None, model_id="mini")]
    assert names(named(pl.DataFrame(aider), GPT_5)) == ["gpt-5 (high)", "gpt-5 (low)"]
    both = pl.DataFrame(aider + swe)
    assert names(named(both, GPT_5)) == ["gpt-5 (high)", "gpt-5 (low)", "gpt-5"]
    # Nor does one benchmark of a source push out another of it.
    other = pl.DataFrame([*aider, run("aider", "gpt-5", None, benchmark="edits")])
    assert names(named(other, GPT_5)) == ["gpt-5 (high)", "gpt-5 (low)", "gpt-5"]


def test_within_one_benchmark_the_name_as_printed_counts_before_the_mode_before_any_mode() -> None:
    rows = pl.DataFrame(
        [
            run("a", "gpt-5", "high"),
            run("a", "openai gpt-5", None),
            run("b", "openai gpt-5", None),
            run("b", "gpt-5 (low)", "low"),
        ]
    )
    assert names(named(rows, GPT_5)) == ["gpt-5", "openai gpt-5"]
    assert names(named(rows, Named("GPT-5 (low)", "openai/gpt-5", "low"))) == ["gpt-5 (low)"]
    assert names(named(rows, Named("gpt-5", None))) == ["gpt-5"]


def test_on_each_board_the_name_as_printed_there_counts() -> None:
    rows = pl.DataFrame(
        {
            "model_name": ["gpt-5", "GPT 5", "gpt-5 (high)"],
            "model_id": ["openai/gpt-5"] * 3,
            "mode": [None, None, "high"],
            "observed_on": [1, 2, 2],
        }
    )
    assert names(named(rows, GPT_5)) == ["gpt-5"]
    assert names(named(rows, GPT_5, per=("observed_on",))) == ["gpt-5", "GPT 5"]
