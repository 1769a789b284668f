"""A small made world of models and benchmarks, and how to ask about it."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from headtohead.capability.fitted import two_sides
from headtohead.capability.matrix import Matrix, matrix
from headtohead.capability.model import TwoSides
from headtohead.capability.settings import IndexSettings
from headtohead.core.dates import Period
from headtohead.core.question import Answer, Ask, Frames, Sides
from headtohead.questions import analysis

KNOWN = date(2026, 6, 1)
FULL = ("epoch_eci", "epoch_eci_gathered")
# Benchmark -> difficulty in logits. Facts (domain, chance, items) are the real ones.
TESTS = {
    "math_level_5": -1.5,
    "otis_mock_aime_2024_2025": 0.2,
    "proofbench": 1.2,
    "gpqa_diamond": -0.8,
    "simpleqa_verified": 0.4,
    "hle": 1.6,
    "aider_polyglot": -0.4,
    "terminal_bench": 0.8,
    "osworld": 1.4,
}
# Model -> country, ability in logits, release.
MODELS = {
    "A1": ("US", -1.5, date(2024, 1, 10)),
    "A2": ("US", -0.5, date(2024, 7, 10)),
    "A3": ("US", 0.5, date(2025, 1, 10)),
    "A4": ("US", 1.5, date(2025, 7, 10)),
    "A5": ("US", 2.5, date(2026, 1, 10)),
    "B1": ("CN", -2.0, date(2024, 3, 10)),
    "B2": ("CN", -0.8, date(2024, 12, 10)),
    "B3": ("CN", 0.2, date(2025, 6, 10)),
    "B4": ("CN", 1.2, date(2026, 2, 10)),
    "N1": (None, 3.5, date(2026, 3, 10)),
}


def row(model: str, test: str, score: float, **changes: Any) -> dict[str, Any]:
    country, _, released = MODELS.get(model, ("US", 0.0, date(2025, 1, 1)))
    return {
        "benchmark": test,
        "part": "overall",
        "model_name": model,
        "setting": None,
        "score_frac": score,
        "chance_corrected": True,
        "tasks_n": None,
        "organisation": None,
        "evaluator": "third_party",
        "observed_on": released,
        "known_on": KNOWN,
        "vintage": KNOWN,
        "verified": True,
        "row_url": None,
        "note": None,
        "source_id": "epoch_eci",
        "model_id": f"lab/{model.lower()}",
        "lab": {"US": "a-lab", "CN": "b-lab"}.get(country or ""),
        "country": country,
        "open": "open" if country == "CN" else "closed",
        "family": f"{model[0].lower()}-family",
        "brand": None,
        "join_rule": "listed",
        "model_released_on": released,
    } | changes


def curve(ability: float, difficulty: float) -> float:
    return float(1 / (1 + np.exp(difficulty - ability)))


def world(skip: Callable[[str, str], bool] = lambda model, test: False) -> list[dict[str, Any]]:
    """Scores off the curve by a little, so that draws have something to differ in."""
    rng = np.random.default_rng(5)
    return [
        row(model, test, curve(ability + rng.normal(0, 0.15), difficulty))
        for model, (_, ability, _) in MODELS.items()
        for test, difficulty in TESTS.items()
        if not skip(model, test)
    ]


SCHEMA = {
    **dict.fromkeys(
        (
            "setting",
            "organisation",
            "row_url",
            "note",
            "model_id",
            "lab",
            "country",
            "open",
            "family",
            "brand",
            "join_rule",
        ),
        pl.String(),
    ),
    "tasks_n": pl.Int64(),
    "observed_on": pl.Date(),
    "model_released_on": pl.Date(),
}


def frames(rows: Sequence[dict[str, Any]], index: Sequence[dict[str, Any]] = ()) -> Frames:
    texts = ("index_name", "model_name", "model_id", "lab", "country", "open", "family", "brand")
    reals = ("score_index", "score_low_index", "score_high_index", "level_frac")
    schema = {
        **dict.fromkeys((*texts, "source_id", "row_url", "join_rule"), pl.String()),
        **dict.fromkeys(reals, pl.Float64()),
        **dict.fromkeys(("released_on", "model_released_on", "known_on", "vintage"), pl.Date()),
        "verified": pl.Boolean(),
    }
    curves = {
        "index_name": ["eci"],
        "benchmark": ["gpqa_diamond"],
        "difficulty_index": [120.0],
        "discrimination_slope": [0.1],
    }
    return {
        "benchmark_scores": pl.DataFrame(list(rows), schema_overrides=SCHEMA),
        "index_scores": pl.DataFrame(list(index), schema=schema),
        "index_benchmarks": pl.DataFrame(curves),
    }


def asking(
    name: str = "performance.capability_gap",
    about: str = "2026-05-01",
    sides: Sides | None = None,
    kept: dict[Hashable, Any] | None = None,
    **scope: Any,
) -> Ask:
    words = {k: w.default for k, w in analysis(name).QUESTION.scope.items()} | scope
    rng = np.random.default_rng(1)
    held = {} if kept is None else kept
    return Ask(Period.parse(about), KNOWN, sides or Sides(), words, rng, kept=held)


def ask(name: str, rows: Sequence[dict[str, Any]], **how: Any) -> Answer:
    name = f"performance.{name}"
    return analysis(name).run(frames(rows), asking(name, **how))


def made(rows: Sequence[dict[str, Any]], **changes: Any) -> Matrix:
    return matrix(frames(rows), IndexSettings(**changes))


def sides_of(rows: Sequence[dict[str, Any]], **changes: Any) -> TwoSides:
    settings = IndexSettings(**{"draws": 100, **changes})
    found = two_sides(frames(rows), asking(), settings, date(2026, 5, 1))
    assert isinstance(found, TwoSides), found
    return found


def score_of(found: Matrix, model: str, test: str) -> float:
    scores = found.scores
    at = (scores.model == scores.models.index(model)) & (
        scores.benchmark == scores.benchmarks.index(test)
    )
    (value,) = scores.score[at]
    return float(value)


def published(model: str, day: date, points: float, **changes: Any) -> dict[str, Any]:
    source = row(model, "hle", 0.5)
    same = ("model_id", "lab", "country", "open", "family", "brand", "model_released_on")
    return {
        "index_name": "eci",
        "model_name": model,
        "score_index": points,
        "score_low_index": points - 2.0,
        "score_high_index": points + 2.0,
        "level_frac": 0.9,
        "released_on": day,
        "known_on": KNOWN,
        "vintage": KNOWN,
        "verified": True,
        "source_id": "epoch_eci",
        "row_url": None,
        "join_rule": "listed",
        **{k: source[k] for k in same},
        **changes,
    }


def printed() -> list[dict[str, Any]]:
    return [
        published(model, day, 130 + 8 * ability)
        for model, (_, ability, day) in MODELS.items()
        if model != "N1"
    ] + [published("GPT-5", date(2025, 8, 7), 135.0, score_low_index=None, score_high_index=None)]
