"""Every kind of page, by its contract: it asks nothing of others, and its data lie beside it."""

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from headtohead.core.errors import UnknownName
from headtohead.web import rendering
from headtohead.web.address import Address, Moved, NoSuchPage
from headtohead.web.card import HEIGHT, WIDTH
from headtohead.web.kinds import kind_of, kinds, other_sides
from headtohead.web.models_of_day import models_of_day
from headtohead.web.rendering import Look, Rendered, all_forms, month_ends, rendered
from headtohead.web.site import Site

DAY = date(2026, 11, 1)
LOOK = Look(days=month_ends(date(2025, 1, 1), DAY))


@cache
def the_site() -> Site:
    """One site for all tests, which only read it."""
    return Site(DAY)


@cache
def page(path: str) -> Rendered:
    """A page, made once."""
    address = Address.read(path)
    assert address
    return rendered(the_site(), address, LOOK)


def some(kind: str) -> str:
    """The first page of a kind."""
    return next(iter(kinds()[kind].frozen(the_site(), DAY)))


@pytest.mark.parametrize("kind", kinds())
def test_a_page_stands_alone_and_asks_nothing_of_others(kind: str) -> None:
    text = page(some(kind)).body.decode()
    assert len(text) < 300_000
    assert "<h1" in text
    ids = re.findall(r'<[a-z][^>]* id="?([^" >]+)', text)
    assert len(ids) == len(set(ids))
    assert "<style" not in text
    assert " style=" not in text
    assert not re.findall(r"<script(?![^>]*(src=|type=\"application/json\"))", text)
    outside = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(https?:[^\"]*)", text)
    assert not outside
    # Commands look like commands.
    assert "`" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("kind", kinds())
def test_the_pages_that_are_frozen_are_pages_of_their_kind(kind: str) -> None:
    paths = list(kinds()[kind].frozen(the_site(), DAY))
    assert paths
    assert len(set(paths)) == len(paths)
    for path in paths:
        found = kind_of(path)
        assert found is not None
        assert found[0] is kinds()[kind]


@pytest.mark.parametrize("kind", kinds())
def test_json_and_csv_lie_beside_each_page(kind: str) -> None:
    for form in ("json", "csv"):
        address = Address.read(some(kind))
        assert address
        assert page(f"{address.path or 'index'}.{form}").body


def test_names_in_any_spelling_lead_to_one_page() -> None:
    with pytest.raises(Moved) as moved:
        page("versus/GPT 5/DeepSeek V3.2")
    assert moved.value.path == "versus/gpt-5/deepseek-v3.2"


def test_an_unknown_name_suggests() -> None:
    with pytest.raises(UnknownName, match="Did you mean"):
        page("versus/gpt-99/gpt-5")


def test_what_is_no_page_is_none() -> None:
    for path in ("nowhere", "versus/US", "versus/US/CN/figures/nothing.csv"):
        with pytest.raises(NoSuchPage):
            page(path)


def test_a_long_table_has_all_its_rows_on_the_page() -> None:
    for path in ("models", "prices"):
        text = page(path).body.decode()
        rows = page(f"{path}.csv").body.decode().count("\n") - 1
        assert rows > 250
        assert text.count("<th scope=row>") == rows
        assert "the CSV has the rest" not in text


def test_a_page_leads_to_other_days_and_other_sides() -> None:
    text = page("on/2026-06-30/openness/open/closed/open").body.decode()
    stops = re.findall(r'data-days="([^"]*)"', text)[0].split()
    assert stops[0] == "2025-01-31=../../../../../on/2025-01-31/openness/open/closed/open"
    assert stops[-1] == f"{DAY}=../../../../../openness/open/closed/open"
    sides = text.split('<nav class="sides"')[1].split("</nav>")[0]
    assert (
        re.findall(r'href="([^"]*)"', sides)[2]
        == "../../../../../on/2026-06-30/openness/lab/openai/deepseek"
    )
    assert re.findall(r'aria-current="page">([^<]*)', sides) == ["Closed and open weights"]
    assert 'class="sides"' not in page("models/gpt-5").body.decode()


def test_a_picture_of_a_page_is_its_chart_or_its_card() -> None:
    for path in ("versus/gpt-5/deepseek-v3.2", "models/gpt-5", "models/deepseek-v3.2", "claims/P1"):
        png = page(f"{path}.png").body
        assert png.startswith(b"\x89PNG")
        assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (WIDTH, HEIGHT)
    chart = page("usage.png").body
    assert int.from_bytes(chart[20:24]) != HEIGHT
    with pytest.raises(NoSuchPage):
        page("models/deepseek-v3.2.svg")


def test_a_card_in_a_frame_leads_to_its_page() -> None:
    text = page("embed/versus/gpt-5/deepseek-v3.2").body.decode()
    assert 'href="../../../versus/gpt-5/deepseek-v3.2" target="_top"' in text
    assert str(DAY) in text
    assert len(text) < 10_000
    with pytest.raises(Moved) as moved:
        page("embed/versus/GPT 5/deepseek-v3.2")
    assert moved.value.path == "embed/versus/gpt-5/deepseek-v3.2"


def test_a_site_that_knows_its_address_offers_a_picture_of_each_link() -> None:
    address = Address(path="versus/gpt-5/deepseek-v3.2")
    look = replace(LOOK, base="https://example.org/h2h/")
    text = rendered(the_site(), address, look).body.decode()
    there = "https://example.org/h2h/versus/gpt-5/deepseek-v3.2"
    assert f'<meta property="og:image" content="{there}.png">' in text
    assert f'src="{there.replace("versus", "embed/versus")}"' in text.replace("&#34;", '"')


def test_files_hold_the_picture_of_a_card_where_their_site_knows_its_address() -> None:
    path = "versus/gpt-5/deepseek-v3.2"
    for base in ("", "https://example.org/"):
        look = Look(html=".html", base=base, frozen={None: frozenset({path})})
        files = dict(all_forms(the_site(), Address(path=path), look))
        assert (f"{path}.png" in files) == bool(base)
        assert ("og:image" in files[f"{path}.html"].decode()) == bool(base)


def test_a_page_says_what_it_finds_and_no_codes() -> None:
    home, lab = (page(path).body.decode() for path in ("", "labs/deepseek"))
    assert "Chinese models are behind US models on all 4 measures of ability" in home
    assert "What changed lately" in home
    assert "has its seat in China" in lab
    labs = page("labs").body.decode()
    assert "may each have the ablest" in labs
    model = page("models/gpt-5").body.decode()
    assert "GMI Cloud" in model
    assert re.search(r"sellers by seat: \d+ in the United States", model)


def test_a_model_has_its_index_by_edition_and_every_price_before() -> None:
    def parts(path: str) -> dict[str, dict[str, Any]]:
        return {one["part"]: one for one in json.loads(page(path).body)["results"]}

    results = parts("models/deepseek-v3.2.json")
    assert [row["known_on"] for row in results["index"]["rows"]] == ["2026-08-11", "2026-05-02"]
    assert "at 90%; with what was known by 2026-05-02 it had" in results["index"]["says"]
    earlier = parts("on/2026-06-30/models/deepseek-v3.2.json")["index"]["rows"]
    assert [row["known_on"] for row in earlier] == ["2026-05-02"]
    assert "openai/o3" not in models_of_day(the_site().facts, DAY).leading
    prices = parts("models/o3.json")["history"]["rows"]
    assert [row["input_usd_per_mtok"] for row in prices] == ["2", "10"]
    assert "history" not in parts("on/2025-05-31/models/o3.json")
    assert page("models/o3").body.decode().count('<svg class="trace"') >= 2


def test_the_sides_that_a_page_offers_are_frozen_with_it() -> None:
    for topic in ("usage", "openness", "compute", "investment"):
        paths = {*kinds()[topic].frozen(the_site(), DAY)}
        assert paths == {path for _, path in other_sides(topic)}
        assert len(paths) == (1 if topic == "investment" else 5)
    assert 'class="sides"' not in page("investment").body.decode()


def test_a_frozen_page_of_two_sides_brings_its_card_for_a_frame() -> None:
    address = Address(path="versus/gpt-5/deepseek-v3.2")
    paths = frozenset({address.path, f"embed/{address.path}"})
    made = dict(all_forms(the_site(), address, replace(LOOK, html=".html", frozen={None: paths})))
    assert b'class="framed"' in made["embed/versus/gpt-5/deepseek-v3.2.html"]
    assert "embed/versus/gpt-5/deepseek-v3.2.json" not in made


def test_what_has_ended_stands_on_a_page_of_its_own() -> None:
    ahead, ended = page("retirements"), page("retirements/ended")
    for shown in (ahead, ended):
        assert len(shown.body) < 250_000
        assert "the CSV has the rest" not in shown.body.decode()
    rows = page("retirements.csv").body.decode().count("\n") - 1
    assert page("retirements/ended.csv").body == page("retirements.csv").body
    shown_n = sum(one.body.decode().count("<th scope=row") for one in (ahead, ended))
    assert shown_n == rows
    assert 'href="retirements/ended"' in ahead.body.decode()
    with pytest.raises(UnknownName):
        page("retirements/soon")


def test_a_page_that_would_be_too_heavy_shows_as_many_rows_as_it_can_bear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "_MOST_BYTES", 200_000)
    made = rendered(the_site(), Address(path="models"), LOOK).body
    assert 150_000 < len(made) <= 200_000
    assert b"the CSV has the rest" in made


STYLES = ("publish/templates/style.css", "web/static/site.css", "arena/web/static/arena.css")


@pytest.mark.parametrize("name", STYLES)
def test_distances_are_those_of_all_pages(name: str) -> None:
    text = files("headtohead").joinpath(name).read_text("utf-8")
    given = re.findall(r"(?<![\w-])(?:gap|margin[\w-]*|padding[\w-]*):[^;{}]*", text)
    raw = [one for one in given if re.search(r"(?<![\w.])(4|8|12|16|24|40)px", one)]
    assert not raw
    assert any("var(--space-" in one for one in given)


def test_a_title_on_prices_counts_every_seller_of_its_table_that_asks_less() -> None:
    offers = json.loads(page("prices/gpt-5.json").body)["results"]
    [own] = [o["input_usd_per_mtok"] for o in offers if "first party" in o["standing"]]
    less = sum(o["input_usd_per_mtok"] < own for o in offers)
    text = page("prices/gpt-5").body.decode()
    assert f"; {less or 'none'} of {len(offers) - 1} other sellers" in text
    assert text.count("does not count: ") >= less


@pytest.mark.parametrize("path", ["gap", "investment", "openness", "retirements"])
def test_tables_name_sides_countries_and_models_and_no_codes(path: str) -> None:
    text = page(path).body.decode()
    cells = re.findall(r"<t[hd][^>]*>(?:<[^>]*>)*([^<]*)", text)
    assert not {"CN", "GB", "usd", "LicenseRef-Proprietary"} & {c.strip() for c in cells}
    assert not [c for c in cells if re.match(r"[AB] |.* less [AB]\b|n of [AB]$", c)]
    assert "The next to go is claude-" not in text


def test_the_cheapest_seller_of_the_list_of_prices_is_never_dearer_than_a_firm_maker() -> None:
    for row in json.loads(page("prices.json").body)["results"]:
        if row["input_usd_per_mtok"] is not None and not row["doubt"]:
            ours, theirs = (
                3 * row[f"{who}input_usd_per_mtok"] + row[f"{who}output_usd_per_mtok"]
                for who in ("", "cheapest_")
            )
            assert theirs <= ours + 1e-9


def test_an_offer_that_two_sources_let_go_counts_once() -> None:
    rows = rendered(the_site(), Address(path="retirements", form="csv"), LOOK).body.decode()
    offers = [tuple(row.split(",")[:4]) for row in rows.splitlines()[1:]]
    assert len(offers) == len({*offers}) > 500


@pytest.mark.parametrize(
    ("text", "first"), [("deepsek", "labs/deepseek"), ("gtp-5", "models/gpt-5"), ("zzzzqq", "")]
)
def test_a_search_that_finds_nothing_offers_what_is_spelt_alike(text: str, first: str) -> None:
    said = page(f"search/{text}").body.decode()
    assert ("did you mean" in said) == bool(first)
    assert not first or f'href="../{first}' in said
    assert not json.loads(page(f"search/{text}.json").body)["results"]


def test_every_model_of_the_index_leads_to_its_page() -> None:
    text = page("capability").body.decode()
    rows = re.findall(r"<tr>.*?</tr>", text[text.index("<tbody") :], re.DOTALL)[:30]
    assert all('<a href="models/' in row for row in rows)


def test_days_and_numbered_models_are_not_broken_at_their_hyphens() -> None:
    whole = re.findall(
        r'<span class="day">([^<]*)', page("versus/gpt-5/deepseek-v3.2").body.decode()
    )
    assert {"GPT-5", "DeepSeek-V3.2"} <= {*whole}
