"""The models.dev importer: the site's two JSON files and the repository's TOML tree."""

import gzip
import io
import json
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources.models_dev import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 7, 2)
OFFER: dict[str, Any] = {
    "id": "m-1",
    "name": "M 1",
    "attachment": False,
    "reasoning": True,
    "tool_call": True,
    "release_date": "2026-01-01",
    "last_updated": "2026-01-01",
    "modalities": {"input": ["text"], "output": ["text"]},
    "open_weights": False,
    "limit": {"context": 1, "output": 1},
    "cost": {"input": 0.28, "output": 0.42, "cache_read": 0.028},
}
LAB = """
name = "M 1"
release_date = "2026-01-15"
last_updated = "2026-01-15"
attachment = false
reasoning = true
tool_call = true
open_weights = true
license = "MIT"
modalities = { input = ["text"], output = ["text"] }
limit = { context = 1, output = 1 }
"""
COST = "\n[cost]\ninput = 1.25\noutput = 10\n"


def api(**changes: object) -> Parsed:
    offer = {**OFFER, **changes}
    provider = {"id": "host", "name": "Host", "env": [], "npm": "x", "doc": "https://host.example"}
    content = json.dumps({"host": {**provider, "models": {"m-1": offer}}}).encode()
    return parse(RawFiles("models_dev", (RawFile("api.json", content),), DAY))


def archive(files: dict[str, str], links: dict[str, str] | None = None) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as out:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            out.addfile(member, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            out.addfile(member)
    return packed.getvalue()


def tree(
    files: dict[str, str], links: dict[str, str] | None = None, name: str = "tree_2026-07-02.tar.gz"
) -> Parsed:
    content = archive(files, links)
    return parse(RawFiles("models_dev", (RawFile(name, content),), date(2026, 7, 9)))


def prices(parsed: Parsed) -> dict[tuple[str, str], float]:
    return {(r["tier"], r["token_kind"]): r["price_usd_per_mtok"] for r in parsed.rows["prices"]}


def test_the_site_gives_prices_of_its_day_and_no_lab_records() -> None:
    parsed = api()
    assert prices(parsed) == {
        ("standard", "input"): 0.28,
        ("standard", "output"): 0.42,
        ("standard", "cache_read"): 0.028,
    }
    row = parsed.rows["prices"][0]
    assert (row["provider"], row["model_name"], row["basis"]) == ("host", "m-1", "snapshot")
    assert row["valid_from"] == row["known_on"] == row["vintage"] == DAY
    (limit,) = parsed.rows["models"]
    assert (limit["provider"], limit["model_name"], limit["context_tokens"]) == ("host", "m-1", 1)
    assert "open_weights" not in limit  # an offer is no lab's record


def test_context_tiers_and_modes_have_tiers_of_their_own() -> None:
    cost = {
        "input": 5,
        "output": 25,
        "tiers": [{"tier": {"type": "context", "size": 272_000}, "input": 10, "output": 37.5}],
        # Repeats the tier above under a name that is wrong for it.
        "context_over_200k": {"input": 10, "output": 37.5},
    }
    modes = {"fast": {"cost": {"input": 30, "output": 150}, "provider": {"body": {}}}}
    found = prices(api(cost=cost, experimental={"modes": modes}, status="beta"))
    assert {tier for tier, _ in found} == {"standard", "over_272k", "fast"}
    assert found["over_272k", "output"] == 37.5
    assert found["fast", "input"] == 30


def test_without_exact_tiers_the_older_field_counts() -> None:
    cost = {"input": 5, "output": 25, "context_over_200k": {"input": 10, "output": 37.5}}
    assert prices(api(cost=cost))["over_200k", "input"] == 10


def test_an_offer_without_a_price_is_counted() -> None:
    parsed = api(cost=None)
    assert "prices" not in parsed.rows
    assert parsed.dropped == {"no price stated": 1}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"colour": "red"}, "colour"),
        ({"status": "retired"}, "status"),
        ({"cost": {"input": 1, "output": 2, "per_word": 3}}, "per_word"),
        ({"cost": {"input": "cheap", "output": 2}}, "input"),
        ({"cost": {"input": -1, "output": 2}}, "input"),
        ({"cost": {"input": 1}}, "output"),
        (
            {"cost": {"input": 1, "output": 2, "tiers": [{"tier": {"type": "day", "size": 1}}]}},
            "type",
        ),
        ({"experimental": {"modes": {"standard": {"cost": {"input": 1}}}}}, "modes"),
        ({"experimental": {"knobs": 1}}, "knobs"),
        ({"cost": [1, 2]}, "not an object"),
    ],
)
def test_a_changed_layout_of_the_site_is_refused(changes: dict[str, object], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        api(**changes)


def test_the_tree_gives_both_tables_under_any_root_folder() -> None:
    root = "models.dev-abc"
    weights = """
[[weights]]
label = "Quantized"
url = "https://huggingface.co/lab/M-1-FP8"
quantization = "fp8"
[[weights]]
label = "Hugging Face"
url = "https://huggingface.co/lab/M-1"
"""
    parsed = tree(
        {
            f"{root}/LICENSE": "MIT",
            f"{root}/models/lab/m-1.toml": LAB + weights,
            f"{root}/providers/host/provider.toml": 'name = "Host"\nenv = []\nnpm = "x"\ndoc = "d"',
            f"{root}/providers/host/models/lab/m-1.toml": 'base_model = "lab/m-1"' + COST,
        }
    )
    (model,) = parsed.rows["models"]
    assert model["model_name"] == "lab/m-1"
    assert model["organisation"] == "lab"
    assert model["huggingface_id"] == "lab/M-1"
    assert (model["open_weights"], model["licence"]) == (True, "MIT")
    assert model["released_on"] == date(2026, 1, 15)
    assert model["vintage"] == DAY
    assert {(r["provider"], r["model_name"]) for r in parsed.rows["prices"]} == {
        ("host", "lab/m-1")
    }
    assert not parsed.dropped


def test_a_month_is_not_made_a_day() -> None:
    parsed = tree({"models/lab/m.toml": LAB.replace("2026-01-15", "2026-01")})
    (model,) = parsed.rows["models"]
    assert model["released_on"] is None
    assert "2026-01" in model["note"]


def test_dangling_links_and_bases_are_counted() -> None:
    parsed = tree(
        {
            "providers/host/models/a.toml": 'base_model = "lab/gone"' + COST,
            "models/lab/m.toml": LAB,
        },
        {
            "providers/host/models/b.toml": "../../gone.toml",
            "providers/host/models/c.toml": "c2.toml",
        },
    )
    assert parsed.dropped["a link to a record that is not there"] == 2
    assert parsed.dropped["base_model names a lab record that is not there"] == 1
    assert "prices" not in parsed.rows


def test_a_link_that_leads_somewhere_is_followed() -> None:
    parsed = tree(
        {"providers/host/models/a.toml": COST}, {"providers/host/models/b.toml": "a.toml"}
    )
    assert {r["model_name"] for r in parsed.rows["prices"]} == {"a", "b"}


def test_slips_of_the_tree_are_counted_not_taken() -> None:
    parsed = tree({"providers/host/models/a.toml": COST + "cached_input = 0.1\n"})
    assert set(prices(parsed)) == {("standard", "input"), ("standard", "output")}
    assert parsed.dropped["cost field cached_input, which is no price per token to models.dev"] == 1


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("somewhere/else.toml", "x = 1", "unknown place"),
        ("models/lab/m.toml", LAB + "colour = 1", "colour"),
        ("models/lab/m.toml", LAB.replace("open_weights = true", 'open_weights = "yes"'), "open_w"),
        ("models/lab/m.toml", LAB.replace("release_date", "date"), "release_date"),
        ("providers/host/provider.toml", "colour = 1", "colour"),
    ],
)
def test_a_changed_layout_of_the_tree_is_refused(name: str, text: str, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        tree({name: text})


def test_a_truncated_archive_is_damaged() -> None:
    content = archive({"providers/host/models/a.toml": COST * 500})
    files = (RawFile("tree_2026-07-02.tar.gz", content[: len(content) // 2]),)
    with pytest.raises(DamagedDownload, match="truncated"):
        parse(RawFiles("models_dev", files, DAY))


def test_lab_records_come_as_json_too() -> None:
    record = {
        "id": "lab/m-1",
        "name": "M 1",
        "release_date": "2026-01-15",
        "open_weights": True,
        "weights": [{"label": "Hugging Face", "url": "https://huggingface.co/lab/M-1"}],
    }
    content = gzip.compress(json.dumps({"lab/m-1": record}).encode())
    parsed = parse(RawFiles("models_dev", (RawFile("models.json", content),), DAY))
    assert parsed.rows["models"][0]["huggingface_id"] == "lab/M-1"


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> dict[str, pl.DataFrame]:
    raw = raw_from_folder(SOURCE, shared_evidence / "models_dev", DAY)
    frames, dropped = rows_of(importer("models_dev"), raw)
    assert sum(dropped.values()) == 402
    return dict(frames)


def test_the_real_tree(real: dict[str, pl.DataFrame]) -> None:
    assert real["prices"].height == 13_171
    assert real["models"]["provider"].null_count() == 231
    offers = real["prices"].filter(pl.col("token_kind") == "input", pl.col("tier") == "standard")
    # Every one of the 4,716 records with a [cost] table, none twice.
    assert offers.height == 4_716
    assert real["prices"]["provider"].n_unique() > 100


def test_the_real_tree_names_open_weights_by_the_labs_word(real: dict[str, pl.DataFrame]) -> None:
    records = real["models"].filter(pl.col("provider").is_null())
    (row,) = records.filter(model_name="deepseek/deepseek-v4-pro").to_dicts()
    assert row["open_weights"] is True
    assert str(row["huggingface_id"]).startswith("deepseek-ai/")
    assert records.filter(model_name="openai/gpt-5.4")["open_weights"].to_list() == [False]


def test_the_real_tree_has_a_long_context_price(real: dict[str, pl.DataFrame]) -> None:
    rows = real["prices"].filter(provider="google", model_name="gemini-2.5-pro")
    found = {(r["tier"], r["token_kind"]): r["price_usd_per_mtok"] for r in rows.to_dicts()}
    assert found["standard", "output"] == 10
    assert found["over_200k", "output"] == 15
