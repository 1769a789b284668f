"""The verb `serve_cost` and its command."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headtohead import serve_cost
from headtohead.cli import main
from headtohead.core.errors import InputError, UnknownName

DAY = date(2026, 11, 29)


def run(*args: str) -> Any:
    """The command, on a fixed day."""
    return CliRunner().invoke(main, ["serve-cost", *args, "--as-of", str(DAY)])


def test_it_says_speed_and_cost_with_day_and_source() -> None:
    result = serve_cost("DeepSeek-V3", as_of=DAY, chip="H800", gpus=144, context=5000)
    says = result.sheet.sentence
    assert "DeepSeek-V3 on 144 H800 chips writes about 1,9" in says
    assert "$3.42 an hour" in says
    assert {c.source_id for c in result.citations} >= {"open_model_sizes", "serving_chips"}
    (row,) = result.as_json()["results"]
    assert row["output_tokens_per_s_per_chip"]["low"] < 1850
    usd = row["usd_per_mtok"]
    assert usd["cached"]["value"] < usd["input"]["value"] < usd["output"]["value"]
    per_hour = 3600 * row["output_tokens_per_s_per_chip"]["value"]
    assert usd["output"]["value"] == pytest.approx(3.42 / per_hour * 1e6)


def test_a_price_of_ones_own_scales_the_cost() -> None:
    asked: dict[str, Any] = {"as_of": DAY, "chip": "H20", "gpus": 16}
    assert "not known" in serve_cost("DeepSeek-V3", **asked).sheet.sentence
    one = serve_cost("DeepSeek-V3", usd_per_chip_hour=1.0, **asked).usd_per_mtok["output"]
    two = serve_cost("DeepSeek-V3", usd_per_chip_hour=2.0, **asked).usd_per_mtok["output"]
    assert two.value == pytest.approx(2 * one.value)


def test_what_was_not_measured_is_said() -> None:
    large = serve_cost("DeepSeek-V3", as_of=DAY, chip="GB200", gpus=48)
    assert any("48 GB200 the speed came out 20% and 37% too high" in n for n in large.notes)
    far = serve_cost("DeepSeek-V3", as_of=DAY, chip="H800", gpus=144)
    assert any("9% too low to 21% too high for six" in note for note in far.notes)
    small = serve_cost("DeepSeek-V3", as_of=DAY, chip="B200", gpus=8)
    assert not any("single nodes" in note for note in small.notes)
    other = serve_cost("Qwen3-32B", as_of=DAY, chip="MI300X", gpus=8)
    assert "no such chip was measured" in other.service.spread.says


def test_the_command() -> None:
    said = run("deepseek-v3", "--chip", "h800", "--gpus", "144", "--context", "5000")
    assert said.exit_code == 0, said.output
    assert "TOKENS A SECOND PER CHIP" in said.output
    given = run("Qwen3-32B", "--chip", "H100", "--gpus", "4", "--json")
    assert json.loads(given.output)["verb"] == "serve_cost"
    assert run("Qwen3-32B", "--chip", "H100", "--csv").output.startswith("what,value")


@pytest.mark.parametrize("name", ["nvidia h800", "H-800", "NVIDIA H800 SXM5 80GB", "HGX H800"])
def test_a_board_by_any_of_its_names(name: str) -> None:
    assert serve_cost("Qwen3-32B", as_of=DAY, chip=name).service.chip.name == "H800"


def test_a_chip_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "chip.toml"
    path.write_text(
        "fp16_tflop_per_s = 989.5\nfp8_tflop_per_s = 1979\nmemory_gb = 80\n"
        'memory_gb_per_s = 3360\nlink_gb_per_s = 400\ngeneration = "hopper"\n'
        "network_gb_per_s = 50\n"
    )
    own = serve_cost("DeepSeek-V3", as_of=DAY, chip_file=path, gpus=144, batch=88)
    known = serve_cost("DeepSeek-V3", as_of=DAY, chip="H800", gpus=144, batch=88)
    rates = [r.service.output_rate.value for r in (own, known)]
    assert rates[0] == pytest.approx(rates[1], rel=0.001)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("memory_gb = 80", "lacks fp16_tflop_per_s"),
        ("memory_gb = -1", "a number above 0"),
        ("link_gb_per_s = 0", "a number above 0"),
        ("link_chips_n = 2.5", "a whole number"),
        ("generation = 3", "a text"),
        ("memory = 80", "memory_gb"),
        ("[", "cannot be read"),
    ],
)
def test_a_chip_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "chip.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        serve_cost("DeepSeek-V3", as_of=DAY, chip_file=path)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "Give a `chip`"),
        ({"chip": "H8000"}, "Did you mean H800"),
        ({"chip": "H800", "gpus": 0}, "`gpus` is 0"),
        ({"chip": "H800", "gpus": 144, "context": -5}, "`context` is -5"),
        ({"chip": "H800", "gpus": 144, "context": 400}, "leaves no room"),
        ({"chip": "H800", "gpus": 144, "context": 3000, "input_tokens": 5000}, "Give `context` or"),
        ({"chip": "H800", "gpus": 144, "context": 170_000}, "takes 163,840 tokens at most"),
        ({"chip": "H800", "gpus": 144, "cached": 1.0}, "`cached` is 1.0"),
        ({"chip": "H800", "gpus": 144, "usd_per_chip_hour": -2}, "`usd_per_chip_hour` is -2"),
        ({"chip": "H800", "gpus": 144, "usd_per_chip_hour": float("nan")}, "`usd_per_chip_hour`"),
        ({"chip": "H800", "gpus": 144, "tensor_parallel": 5}, "`tensor_parallel` is 5"),
        ({"chip": "H800", "precision": "fp16"}, "`precision` is one of"),
    ],
)
def test_wrong_choices(asked: dict[str, Any], says: str) -> None:
    with pytest.raises((InputError, UnknownName)) as refused:
        serve_cost("DeepSeek-V3", as_of=DAY, **asked)
    assert says in str(refused.value)


def test_an_error_of_the_command_speaks_of_options() -> None:
    said = run("DeepSeek-V3")
    assert said.exit_code == 64
    assert "--chip" in said.output
