from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.architectures import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_HEAD = (
    "file,arch,attn,layers,hidden,heads,kv_heads,head_dim,kv_lora,experts,experts_active,shared,"
    "moe_inter,dense_inter,dense_layers,vocab,ctx,index_topk,total_B,active_B,"
    "gflops_per_tok_noattn,kv_elems_per_tok_layer,kv_bytes_per_tok_bf16,"
    "attn_gflops_per_tok_per_1k_ctx,note\n"
)
_TAIL = "61,7168,128,,,512.0,256,8,1,2048.0,18432,3,129280,163840,,671.0,36.6,73.2,576,70272,16.99,"
_CHECKED = "checked against published total/active"


def _line(
    file: str = "a/deepseek-ai--DeepSeek-V3_config.json", note: str = _CHECKED, attn: str = "MLA"
) -> str:
    return f'{file},X,"{attn}",{_TAIL}"{note}"\n'


def _parse(*lines: str, head: str = _HEAD) -> Parsed:
    raw = RawFile("architectures_computed.csv", (head + "".join(lines)).encode())
    return parse(RawFiles("architectures", (raw,), date(2026, 11, 1)))


def test_a_shape_is_known_from_its_release() -> None:
    (row,) = _parse(_line()).rows["architectures"]
    assert (row["organisation"], row["model_name"]) == ("deepseek-ai", "DeepSeek-V3")
    assert row["released_on"] == row["known_on"] == date(2024, 12, 26)
    assert (row["attention"], row["experts_n"]) == ("MLA", 256)
    assert (row["total_b"], row["active_b"]) == (671.0, 36.6)
    assert (row["compute_gflop_per_token"], row["kv_bytes_per_token"]) == (73.2, 70272)
    assert row["verified"] is True
    assert row["note"] is None


def test_where_the_formula_fails_the_row_is_not_verified() -> None:
    (row,) = _parse(_line(note="Mamba hybrid: NOT valid")).rows["architectures"]
    assert row["verified"] is False
    assert row["note"] == "state-space layers: no figure holds"
    attention = "GQA(15/60 full; ['full_attention', 'linear_attention'])"
    (row,) = _parse(_line(note="", attn=attention)).rows["architectures"]
    assert row["attention"] == "GQA+linear"
    assert row["verified"] is False


def test_a_month_starts_on_its_first_day_and_is_known_on_its_last() -> None:
    (row,) = _parse(_line("a/Qwen--Qwen3-VL-4B-Instruct_config.json")).rows["architectures"]
    assert (row["released_on"], row["known_on"]) == (date(2025, 10, 1), date(2025, 10, 31))
    assert row["note"] == "only the month of the release is sure"


def test_a_shape_from_a_test_file_is_not_verified() -> None:
    (row,) = _parse(_line("other/glm-4.5-4.6-4.7_config_from_test.json")).rows["architectures"]
    assert (row["organisation"], row["model_name"]) == ("zai-org", "GLM-4.5")
    assert row["verified"] is False
    assert "test file" in row["note"]


def test_copies_and_undated_models_are_dropped_and_counted() -> None:
    parsed = _parse(
        _line(),
        _line("a/nvidia--DeepSeek-V3-NVFP4_config.json"),
        _line("a/Qwen--Qwen3-32B-FP8-Static-PerTensor_config.json"),
        _line("a/lab--Model-1_config.json"),
        _line("other/infersim_qwen3-8B_config.json"),
    )
    assert len(parsed.rows["architectures"]) == 1
    assert dict(parsed.dropped) == {
        "quantised copy of another entry": 2,
        "no release date": 1,
        "no organisation in the file name": 1,
    }


def test_what_is_unknown_raises() -> None:
    with pytest.raises(UpstreamChanged, match="'note' holds 'brand new layers'"):
        _parse(_line(note="brand new layers"))
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _parse(_line(), head=_HEAD.replace("vocab", "vocabulary"))
    with pytest.raises(UpstreamChanged, match="'total_B' holds 'NaN'"):
        _parse(_line().replace("671.0", "NaN"))


def test_the_computed_shapes(shared_evidence: Path) -> None:
    content = (shared_evidence / "architectures" / "architectures_computed.csv").read_bytes()
    parsed = parse(
        RawFiles(
            "architectures",
            (RawFile("architectures_computed.csv", content),),
            date(2026, 11, 1),
        )
    )
    rows = parsed.rows["architectures"]
    assert len(rows) == 48
    assert dict(parsed.dropped) == {
        "quantised copy of another entry": 35,
        "no release date": 2,
        "no organisation in the file name": 6,
    }
    by_name = {r["model_name"]: r for r in rows}
    assert len(by_name) == len(rows)
    llama, deepseek = by_name["Meta-Llama-3.1-405B"], by_name["DeepSeek-V3.2"]
    assert llama["kv_bytes_per_token"] / deepseek["kv_bytes_per_token"] == pytest.approx(7.3, 0.01)
    assert deepseek["attention"] == "MLA+DSA"
    assert by_name["gpt-oss-120b"]["attention"] == "GQA+sliding"
    assert not by_name["Kimi-K3"]["verified"]
    assert not by_name["DeepSeek-V4-Pro"]["verified"]
    assert by_name["Kimi-K2-Instruct"]["verified"]
