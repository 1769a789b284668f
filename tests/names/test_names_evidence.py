"""Names against the raw files: how many of each list are known, and countries that must agree."""

import csv
import gzip
import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from headtohead.names.names import Names

NAMES = Names.load()
_COUNTRIES = {
    "United States of America": "US",
    "China": "CN",
    "France": "FR",
    "United Kingdom of Great Britain and Northern Ireland": "GB",
    "United Arab Emirates": "AE",
}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def _board(path: Path) -> list[str]:
    return list(json.loads(path.read_text(encoding="utf-8"))["full"])


def _unknown(names: Iterable[str], provider: str | None = None) -> set[str]:
    return {n for n in names if NAMES.resolve(n, provider=provider).status != "matched"}


def test_every_model_of_the_capability_index_is_known_with_its_country(
    shared_evidence: Path,
) -> None:
    rows = _rows(shared_evidence / "epoch_eci/eci_scores.csv")
    assert len(rows) == 222
    models, checked = set(), 0
    for row in rows:
        got = NAMES.resolve(row["Model"])
        assert got.status == "matched", row["Model"]
        models.add(got.model)
        country = row["Country (of organization)"]
        if country:
            assert got.lab is not None
            assert NAMES.lab(got.lab).country == _COUNTRIES[country], row["Model"]
            checked += 1
    assert len(models) == 222
    assert checked == 205


def test_index_and_catalogue_agree_on_open_weights(shared_evidence: Path) -> None:
    differ = []
    for row in _rows(shared_evidence / "epoch_eci/eci_scores.csv"):
        group = row["Accessibility group"]
        if group not in ("Open weights", "Closed weights"):
            continue
        model = NAMES.model(NAMES.resolve(row["Model"]).model or "")
        assert model is not None
        if model.open_weights is not (group == "Open weights"):
            differ.append(row["Model"])
    # xAI published "Grok 2" in 2025 without saying which edition.
    assert differ == ["Grok-2 (Dec 2024)"]


def test_arena_boards(shared_evidence: Path) -> None:
    folder = shared_evidence / "lmarena_catalog/2025-12-11"
    assert _unknown(_board(folder / "leaderboard-text.json")) == {"grok-4-fast-chat"}
    assert _unknown(_board(folder / "leaderboard-vision.json")) == set()
    older = shared_evidence / "lmarena_catalog/2025-05-21/leaderboard-text.json"
    assert _unknown(_board(older)) == set()


def test_arena_display_names_of_october_2026(shared_evidence: Path) -> None:
    with gzip.open(shared_evidence / "llmledger/snapshot.json.gz") as f:
        tasks: dict[str, list[list[Any]]] = json.load(f)["ratings"]["tasks"]
    overall = [str(row[1]) for row in tasks["overall"]]
    assert len(overall) == 245
    assert _unknown(overall) == set()
    everywhere = {str(row[1]) for rows in tasks.values() for row in rows}
    assert _unknown(everywhere) == set()


def test_benchmarks(shared_evidence: Path) -> None:
    text = (shared_evidence / "aider_polyglot/polyglot_leaderboard.yml").read_text("utf-8")
    aider = re.findall(r"^  model: (.*)$", text, re.MULTILINE)
    unknown = _unknown(aider)
    assert len(aider) == 69
    assert {n for n in unknown if " + " not in n} == {"Quasar Alpha", "Optimus Alpha"}
    bfcl = _rows(shared_evidence / "bfcl/bfcl_data_overall.csv")
    assert _unknown(row["Model"] for row in bfcl) == set()
    tau2 = _rows(shared_evidence / "tau2/tau2_submissions.csv")
    assert len(_unknown(row["model"] for row in tau2)) <= 5
    with gzip.open(shared_evidence / "swebench_bash_only/leaderboards_2025-12-10.json.gz") as f:
        boards = json.load(f)["leaderboards"]
    (bash,) = (b for b in boards if b["name"] == "bash-only")
    assert _unknown(str(row["name"]) for row in bash["results"]) == set()
    alpha = _rows(shared_evidence / "alpha_arena/season1_final.csv")
    assert _unknown(row["model"] for row in alpha) == set()


def test_openrouter_slugs_and_labs(shared_evidence: Path) -> None:
    folder = shared_evidence / "openrouter_rankings"
    slugs = {
        row["model_permaslug"] for row in _rows(folder / "rankings_daily_2026-05-2026-06.csv")
    } - {"model_permaslug"}
    assert len(slugs) == 85
    assert _unknown(slugs, "openrouter") == {"openrouter/owl-alpha", "other"}
    words = {row["lab"] for row in _rows(folder / "openrouter-routed-by-lab-excerpt.csv")}
    assert {w for w in words if NAMES.lab_of(w) is None} == {"other", "OpenRouter stealth"}


def test_openrouter_id_slug_and_weights_lead_to_one_model(shared_evidence: Path) -> None:
    text = (shared_evidence / "openrouter_models/models_2026-05-15.json").read_text("utf-8")
    rows = json.loads(text)["data"]
    day, joined = date(2026, 5, 15), 0
    for row in rows:
        by_id = NAMES.resolve(row["id"], on=day, provider="openrouter")
        hub = NAMES.resolve(row["hugging_face_id"]) if row["hugging_face_id"] else None
        if by_id.model and hub and hub.model:
            assert by_id.model == hub.model, row["id"]
            model = NAMES.model(by_id.model)
            assert model is not None
            assert model.open_weights is True, row["id"]
            joined += 1
    assert joined >= 140


def test_first_party_price_lists(shared_evidence: Path) -> None:
    text = (shared_evidence / "model_prices/snapshot.json").read_text("utf-8")
    prices: dict[str, dict[str, object]] = json.loads(text)["prices"]
    day = date(2025, 12, 15)
    flagships = ("anthropic", "deepseek", "moonshotai", "minimax", "zai", "xiaomi", "meta")
    open_ones = {
        (provider, name)
        for provider in flagships
        for name in prices[provider]
        if NAMES.resolve(name, on=day, provider=provider).status != "matched"
    }
    # Sold only later than the day asked for, or a fine-tune.
    assert open_ones <= {
        ("deepseek", "deepseek-flash"),
        ("deepseek", "deepseek-v4-flash"),
        ("deepseek", "deepseek-v4-pro"),
        ("zai", "glm-5.3-flashx-legal"),
    }
