"""The Aider polyglot importer."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import aider_polyglot
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2025, 10, 3)
RUN = """
- dirname: 2025-08-23-15-47-21--some-model
  test_cases: 225
  model: some-model (high)
  edit_format: diff
  commit_hash: 32faf82
  reasoning_effort: high
  pass_rate_1: 52.0
  pass_rate_2: 88.4
  pass_num_1: 117
  pass_num_2: 199
  percent_cases_well_formed: 91.6
  error_outputs: 23
  num_malformed_responses: 22
  num_with_malformed_responses: 19
  user_asks: 96
  lazy_comments: 0
  syntax_errors: 0
  indentation_errors: 0
  exhausted_context_windows: 0
  prompt_tokens: 2675561
  completion_tokens: 2623429
  test_timeouts: 3
  total_tests: 225
  command: aider --model some-model
  date: 2025-08-23
  versions: 0.86.2.dev
  seconds_per_case: 194.0
  total_cost: 29.0829
"""


def parse(text: str) -> Parsed:
    files = (RawFile("polyglot_leaderboard.yml", text.encode()),)
    return aider_polyglot.parse(RawFiles("aider_polyglot", files, DAY))


def test_a_run_gives_its_two_pass_rates_and_its_cost_once() -> None:
    overall, first = parse(RUN).rows["benchmark_scores"]
    assert (overall["part"], overall["score_frac"]) == ("overall", 0.884)
    assert (first["part"], first["score_frac"]) == ("first_try", 0.52)
    assert overall["cost_usd"] == 29.0829
    assert overall["latency_mean_seconds"] == 194.0
    assert overall["note"] is None
    assert "cost_usd" not in first
    assert overall["tasks_n"] == 225
    assert overall["known_on"] == overall["observed_on"] == date(2025, 8, 23)
    assert overall["setting"] == "2025-08-23-15-47-21--some-model; format diff; effort high"


@pytest.mark.parametrize("line", ["  total_cost: 0.0\n", ""])
def test_no_cost_is_unknown_not_free(line: str) -> None:
    overall, _ = parse(RUN.replace("  total_cost: 29.0829\n", line)).rows["benchmark_scores"]
    assert overall["cost_usd"] is None
    assert "no cost" in overall["note"]


def test_zero_thinking_tokens_are_a_setting() -> None:
    overall, _ = parse(RUN + "  thinking_tokens: 0\n").rows["benchmark_scores"]
    assert "thinking tokens 0" in overall["setting"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (RUN + "  mood: good\n", "mood"),
        (RUN.replace("pass_rate_2: 88.4", "pass_rate_2: 884"), "pass_rate_2"),
        (RUN.replace("  date: 2025-08-23\n", ""), "date"),
        (RUN.replace("date: 2025-08-23", "date: someday"), "date"),
        ("runs: 3", "not a list"),
    ],
)
def test_a_changed_layout_is_refused(text: str, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse(text)


def test_broken_yaml_is_damaged() -> None:
    with pytest.raises(DamagedDownload):
        parse(RUN + "  cut: [1, 2")


def test_the_real_file(shared_evidence: Path) -> None:
    found = importer("aider_polyglot")
    folder = shared_evidence / "aider_polyglot"
    frames, dropped = frames_of(found, raw_from_folder(found.source, folder, DAY))
    rows = frames["benchmark_scores"]
    assert dropped == {}
    assert rows.height == 2 * 69
    assert rows["known_on"].max() == DAY
    overall = rows.filter(part="overall")
    # 17 runs say 0 and one says nothing.
    assert overall["cost_usd"].null_count() == 18
    cheap = overall.filter(pl.col("model_name") == "DeepSeek-V3.2-Exp (Reasoner)")
    assert cheap["score_frac"].to_list() == [0.742]
    assert cheap["cost_usd"].to_list() == pytest.approx([1.30], abs=0.005)
