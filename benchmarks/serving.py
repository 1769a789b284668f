"""Fits the serving model to measured rows and checks it: `make bench-serving`.

Run as `python -m benchmarks.serving --rows silicon_sample.csv`, the file of the package
`aiconfigurator-core` 0.12.0 (NVIDIA, Apache-2.0) that lists measured times to the first token and
per output token; without --rows the installed package is looked up. Prints the constants of
`prices/serving/efficiency.py` and what the model predicts for families that it was not fitted to;
with --page, writes them to a Markdown page.
"""

import argparse
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from headtohead.evidence.facts import Facts
from headtohead.prices.serving.architecture import Architecture
from headtohead.prices.serving.chip import Chip, chip_named
from headtohead.prices.serving.models import sizes_of
from headtohead.prices.serving.roofline import (
    PRECISIONS,
    Efficiency,
    Parallelism,
    Speeds,
    Work,
    decode_work,
    prefill_work,
    step_parts,
)

Floats = NDArray[np.float64]
# The package's name of a model -> (our name of its sizes, family).
MODELS = {
    "MiniMaxAI/MiniMax-M2.5": ("MiniMax-M2.5", "MiniMax-M2.5"),
    "Qwen/Qwen3-235B-A22B-FP8": ("Qwen3-235B-A22B", "Qwen3-235B"),
    "Qwen/Qwen3-32B": ("Qwen3-32B", "Qwen3-32B"),
    "deepseek-ai/DeepSeek-R1": ("DeepSeek-R1", "DeepSeek-V3/R1"),
    "deepseek-ai/DeepSeek-V3": ("DeepSeek-V3", "DeepSeek-V3/R1"),
    "nvidia/DeepSeek-R1-NVFP4": ("DeepSeek-R1", "DeepSeek-V3/R1"),
    "nvidia/DeepSeek-V3.1-NVFP4": ("DeepSeek-V3.1", "DeepSeek-V3/R1"),
    "meta-llama/Llama-3.1-70B": ("Llama 3.1 70B", "Llama 3.1 70B"),
    "meta-llama/Llama-3.1-8B-Instruct": ("Llama 3.1 8B", "Llama 3.1 8B"),
    "nvidia/Llama-3.1-8B-Instruct-FP8": ("Llama 3.1 8B", "Llama 3.1 8B"),
    "moonshotai/Kimi-K2.5": ("Kimi K2.5", "Kimi K2"),
    "openai/gpt-oss-120b": ("gpt-oss-120b", "gpt-oss-120b"),
    "zhipuai/GLM-5": ("GLM-5", "GLM-5"),
}
CHIPS = {"h100_sxm": "H100", "h200_sxm": "H200", "b200_sxm": "B200", "b300_sxm": "B300"}
_BITS = {"nvfp4": "fp4", "fp8": "fp8", "fp8_block": "fp8", "int4_wo": "int4", "": "bf16"}
ENGINES = ("vllm", "sglang", "trtllm")
NODE = 8


@dataclass(frozen=True)
class SiliconRow:
    """One measured row, read as one copy of a model on the chips of one node."""

    family: str
    sizes: Architecture
    chip: Chip
    engine: str
    precision: str
    layout: Parallelism
    batch: int
    input_tokens: int
    output_tokens: int
    tpot_s: float
    ttft_s: float

    @property
    def cell(self) -> tuple[object, ...]:
        """Rows that one run made, but for the lengths and the batch."""
        return (self.family, self.chip.name, self.engine, self.precision, self.layout)


def rows_of(path: Path, day: date) -> tuple[list[SiliconRow], int]:
    """The rows that can be read without doubt, and how many cannot.

    Left out are pipeline-parallel rows, rows whose columns of parallelism contradict each other, a
    family on a kind of chip with a single row, and all of models whose attention is not covered.
    Where tensor or data parallelism times eight is more than a node holds, the file has multiplied
    the ways of expert parallelism into it, and the square is taken back.
    """
    facts = Facts()
    sizes = {name: sizes_of(facts, name, day)[0] for name, _ in MODELS.values()}
    chips = {name: chip_named(facts, name, day)[0] for name in CHIPS.values()}
    kept, doubtful = [], 0
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if (
                row["mode"] != "agg"
                or row["system"] not in CHIPS
                or row["model_path"] not in MODELS
            ):
                continue
            model, family = MODELS[row["model_path"]]
            layout = _layout(row, sizes[model])
            if layout is None:
                doubtful += 1
                continue
            said = re.search(r"concurrency=(\d+)", row["silicon_data_source"])
            batch = int(said[1]) if said else int(row["batch_size"]) * layout.data
            precision = "int4" if family == "gpt-oss-120b" else _BITS[row["gemm_quant_mode"]]
            kept.append(
                SiliconRow(
                    family=family,
                    sizes=sizes[model],
                    chip=chips[CHIPS[row["system"]]],
                    engine=row["backend"],
                    precision=precision,
                    layout=layout,
                    batch=batch,
                    input_tokens=int(row["isl"]),
                    output_tokens=int(row["osl"]),
                    tpot_s=float(row["silicon_tpot_ms"]) / 1e3,
                    ttft_s=float(row["silicon_ttft_ms"]) / 1e3,
                )
            )
    lonely = {
        key
        for key in {(r.family, r.chip.generation) for r in kept}
        if sum((r.family, r.chip.generation) == key for r in kept) == 1
    }
    left = [r for r in kept if (r.family, r.chip.generation) not in lonely]
    return left, doubtful + len(kept) - len(left)


def _layout(row: dict[str, str], sizes: Architecture) -> Parallelism | None:
    def ways(name: str) -> int:
        return max(int(float(row[name] or 1)), 1)

    tensor, data = ways("tp_size"), ways("attention_dp_size")
    sliced, spread = ways("moe_tp_size"), ways("moe_ep_size")
    if ways("pp_size") > 1 or (tensor > 1 and data > 1):
        return None
    if tensor * data > NODE:
        if spread != sliced or spread > NODE:
            return None
        tensor, data = (1, spread) if data > 1 else (spread, 1)
    expert = min(spread, tensor * data) if sizes.experts else 1
    return Parallelism(tensor=tensor, data=data, expert=expert)


@dataclass(frozen=True)
class Arrays:
    """The work of all rows, as arrays."""

    decode: Work
    prefill: Work
    speeds: Speeds
    share: Floats
    tpot: Floats
    blackwell: NDArray[np.bool_]
    engine: NDArray[np.int_]
    family: NDArray[np.str_]


def arrays_of(rows: Sequence[SiliconRow]) -> Arrays:
    """Count the work of each row once, for every fit."""

    def stack(kind: Any, ones: Sequence[Any]) -> Any:  # noqa: ANN401 - one class in, the same out
        return kind(
            **{
                f.name: np.array([float(getattr(one, f.name)) for one in ones])
                for f in fields(kind)
            }
        )

    decode = [
        decode_work(
            r.sizes,
            r.layout,
            PRECISIONS[r.precision],
            batch=float(r.batch),
            context=r.input_tokens + r.output_tokens / 2,
        )
        for r in rows
    ]
    prefill = [
        prefill_work(
            r.sizes,
            r.layout,
            PRECISIONS[r.precision],
            prompts=float(r.layout.data),
            length=float(r.input_tokens),
        )
        for r in rows
    ]
    return Arrays(
        decode=stack(Work, decode),
        prefill=stack(Work, prefill),
        speeds=stack(Speeds, [r.chip.speeds(r.precision) for r in rows]),
        # Of every step, the prefill of the sequences that begin in it.
        share=np.array([r.batch / r.layout.data / r.output_tokens for r in rows]),
        tpot=np.log([r.tpot_s for r in rows]),
        blackwell=np.array([r.chip.generation == "blackwell" for r in rows]),
        engine=np.array([ENGINES.index(r.engine) for r in rows]),
        family=np.array([r.family for r in rows]),
    )


# Constant -> (what it is before any row is seen, spread of its logarithm, that of its ratio from
# Blackwell to Hopper; 0: the same).
PRIOR = {
    "memory": (0.8, 0.25, 0.25),
    "arithmetic": (0.6, 0.15, 0.2),
    "attention": (0.6, 0.15, 0.5),
    "link": (0.6, 0.3, 0.0),
    "half_rows": (80.0, 0.7, 0.0),
    "step_s": (1.6e-3, 0.6, 0.3),
    "layer_s": (20e-6, 0.5, 0.3),
    "moe_layer_s": (35e-6, 0.5, 0.3),
    "mla_layer_s": (40e-6, 0.5, 0.3),
    "index_layer_s": (40e-6, 0.5, 0.0),
    "reduction_s": (12e-6, 0.5, 0.3),
    "filling": (0.7, 0.4, 0.0),
}
_RATIOS = [name for name, prior in PRIOR.items() if prior[2]]
_ENGINE_SPREAD = 0.25
_HOST = ("step_s", "layer_s", "moe_layer_s", "mla_layer_s", "index_layer_s")
_ERROR = 0.15


def unpacked(point: Floats) -> tuple[dict[str, float], dict[str, float], Floats]:
    """Constants of Hopper, of Blackwell, and the engines' factors (of steps, of layers)."""
    hopper = {n: PRIOR[n][0] * float(np.exp(t)) for n, t in zip(PRIOR, point, strict=False)}
    ratios = dict(zip(_RATIOS, point[len(PRIOR) :], strict=False))
    blackwell = {n: v * float(np.exp(ratios.get(n, 0.0))) for n, v in hopper.items()}
    raw = point[len(PRIOR) + len(_RATIOS) :].reshape(2, len(ENGINES))
    return hopper, blackwell, np.exp(raw - raw.mean(axis=1, keepdims=True))


def predicted(point: Floats, arrays: Arrays) -> Floats:
    """Logarithm of the seconds per output token of every row."""
    hopper, blackwell, engines = unpacked(point)
    values: dict[str, Any] = {
        name: np.where(arrays.blackwell, blackwell[name], hopper[name]) for name in PRIOR
    }
    for name in _HOST:
        values[name] = values[name] * engines[0 if name == "step_s" else 1][arrays.engine]
    efficiency = Efficiency(**values)
    step = sum(step_parts(arrays.decode, arrays.speeds, efficiency))
    filled = arrays.share * sum(step_parts(arrays.prefill, arrays.speeds, efficiency))
    return np.asarray(np.log(step + efficiency.filling * filled), dtype=np.float64)


def fit(arrays: Arrays, used: NDArray[np.bool_]) -> Floats:
    """The constants that fit the rows used, every family counting alike, outliers little."""
    names, counts = np.unique(arrays.family[used], return_counts=True)
    weight = dict(zip(names, np.sqrt(60 / counts), strict=True))
    by_row = np.array([weight[f] for f in arrays.family[used]])
    spread = np.array(
        [p[1] for p in PRIOR.values()]
        + [PRIOR[n][2] for n in _RATIOS]
        + [_ENGINE_SPREAD] * (2 * len(ENGINES))
    )

    def residuals(point: Floats) -> Floats:
        off = (predicted(point, arrays)[used] - arrays.tpot[used]) / _ERROR
        soft = np.sign(off) * np.sqrt(2 * (np.sqrt(1 + off * off) - 1))
        return np.concatenate([by_row * soft, point / spread]).astype(np.float64)

    found = least_squares(residuals, np.zeros(len(spread)), max_nfev=25).x
    return np.array([float(one) for one in found])


def held_out(arrays: Arrays) -> Floats:
    """Log of predicted over measured, each family by a fit to the others."""
    off: Floats = np.empty(len(arrays.tpot))
    for family in np.unique(arrays.family):
        mine = arrays.family == family
        off[mine] = (predicted(fit(arrays, ~mine), arrays) - arrays.tpot)[mine]
    return off


def median_error(off: Floats) -> float:
    """Median of how far predictions are off, as a share of what was measured."""
    return float(np.median(np.abs(np.expm1(off))))


def main() -> None:
    """Fit, hold out, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    rows, doubtful = rows_of(asked.rows, date(2026, 11, 29))
    arrays = arrays_of(rows)
    print(f"{len(rows)} rows, {doubtful} left out")
    everything = np.ones(len(rows), dtype=bool)
    point = fit(arrays, everything)
    for name, values in zip(("hopper", "blackwell"), unpacked(point)[:2], strict=True):
        print(name, {k: float(f"{v:.3g}") for k, v in values.items()})
    print(dict(zip(ENGINES, unpacked(point)[2].T.round(3).tolist(), strict=True)))
    off, inside = held_out(arrays), predicted(point, arrays) - arrays.tpot
    print("in sample", median_error(inside), "held out", median_error(off))
    for family in np.unique(arrays.family):
        mine = arrays.family == family
        print(
            f"{family:16s} {mine.sum():5d} in {median_error(inside[mine]):.3f}"
            f" out {median_error(off[mine]):.3f}"
            f" ratio {np.exp(np.median(off[mine])):.2f} sd {off[mine].std():.2f}"
        )


if __name__ == "__main__":
    main()
