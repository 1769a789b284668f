"""The page of a ranking, without a browser."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from tests.claims.test_report_page import Seen
from tests.ratings.sheet import ranking_builder as build

from headtohead.publish.charts import PRINT_INK, config, framed
from headtohead.ratings.board import boards
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.grouping import groups_of
from headtohead.ratings.result import JudgeUse, RankResult
from headtohead.ratings.sheet import charts
from headtohead.ratings.sheet.figures import STANDING, boards_figure
from headtohead.ratings.sheet.words import ModelNames

seen_in = cache(Seen)
"""What a page holds, read once."""

EXHIBITS = (
    "win-matrix",
    "battle-counts",
    "drift",
    "group-ratings",
    "group-gaps",
    "style-effects",
    "flips",
    "sides",
    "fitness",
    "exposure",
    "odd-voters",
    "influence",
    "left-out",
)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: build.page(build.ranking(name)) for name in build.RANKINGS}


@pytest.fixture(params=build.RANKINGS, ids=str)
def html(request: pytest.FixtureRequest, pages: dict[str, str]) -> str:
    return pages[request.param]


def embedded(html: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(next(s for s in seen_in(html).scripts if s.startswith("{")))
    return made


def test_a_page_is_one_file_that_refers_to_nothing_outside(html: str) -> None:
    seen = seen_in(html)
    for tag, attrs in seen.elements:
        assert "src" not in attrs
        assert not any(k.startswith("on") for k in attrs)
        if tag == "link":
            assert attrs["href"] == "data:,"
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_every_script_is_named_by_its_hash_and_none_other_may_run(html: str) -> None:
    seen = seen_in(html)
    policy = next(
        m["content"] for m in seen.all("meta") if "content" in m and "script-src" in m["content"]
    )
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    types = [s.get("type") for s in seen.all("script")]
    runs = [text for kind, text in zip(types, seen.scripts, strict=True) if kind is None]
    assert len(runs) == policy.count("'sha256-") == 5
    for text in runs:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_anchors_resolve_ids_are_unique_and_headings_descend_by_one(html: str) -> None:
    seen = seen_in(html)
    ids = set(seen.ids)
    assert len(seen.ids) == len(ids)
    for link in seen.all("a"):
        assert link["href"].startswith(("#", "https://")), link
        if link["href"].startswith("#"):
            assert link["href"][1:] in ids
    for tag, attrs in seen.elements:
        for key in ("aria-labelledby", "aria-describedby", "for", "data-copy"):
            for name in attrs.get(key, "").split():
                assert name in ids, (tag, key, name)
    tags = [tag for tag, _ in seen.elements]
    levels = [int(t[1]) for t in tags if re.fullmatch("h[1-6]", t)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert tags.count("table") == tags.count("caption")
    assert all(th.get("scope") in ("row", "col") for th in seen.all("th"))
    assert tags.count("main") == tags.count("h1") == tags.count("header") == 1


def test_hostile_text_is_only_ever_text(pages: dict[str, str]) -> None:
    html = pages["hostile"]
    seen = seen_in(html)
    assert not seen.all("img")
    assert len(seen.all("script")) == 6
    assert "window.pwned=1" in seen.text
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "\x07" not in html
    assert not [w for w in seen.words if "49" in w and "{{" in w]
    import altair as alt

    data = embedded(html)
    # Names reach a chart as data and never as an expression.
    for exhibit in data["exhibits"]:
        if exhibit["spec"]:
            alt.Root.validate(exhibit["spec"] | {"background": "white"})  # Vega-Lite, or refused
            spec = {k: v for k, v in exhibit["spec"].items() if k not in ("datasets", "params")}
            for encoding in re.findall(
                r'"(?:field|filter|calculate|labelExpr)":"(.*?)"',
                json.dumps(spec, separators=(",", ":")),
            ):
                assert "pwned" not in encoding


def test_the_first_screen_answers_in_words_with_its_settings(pages: dict[str, str]) -> None:
    text = seen_in(pages["everything"]).text
    assert "8 models ranked by 1,680 votes" in text
    assert re.search(r"leads: its place is 1 of 8, with 95% confidence in all places", text)
    assert "tie groups" in text
    assert "Without 3 well-chosen votes (0.18% of all), model-b would stand before model-a." in text
    assert "A tie counts as half a win for each side." in text
    assert (
        "About 2025-05-01 to 2025-06-30 Known by 2025-12-31 Models 8 Votes 1,680 Left out 30"
        in text
    )
    unsure = seen_in(pages["two"]).text
    assert "No model surely leads: 2 of 2 may hold the first place" in unsure


def test_every_standing_is_a_row_with_both_intervals(html: str, pages: dict[str, str]) -> None:
    name = next(n for n, text in pages.items() if text == html)
    board = build.ranking(name).board()
    table = re.search(r'<table class="data standings".*?</table>', html, re.DOTALL)
    assert table
    rows = re.findall(r"<tr.*?>(<th scope=row>.*?)</tr>", table[0], re.DOTALL)
    assert len(rows) == len(board.standings)
    for row, s in zip(rows, board.standings, strict=True):
        cells = re.findall(r"<td[^>]*>(?:<bdi>)?(.*?)(?:</bdi>)?</td>", row)
        assert cells[0] == (str(s.best) if s.best == s.worst else f"{s.best}-{s.worst}")
        assert cells[5] == str(s.group)
        assert sum(bool(re.search(r"\d to -?\d|at least|at most", c)) for c in cells) == 2
        assert f"{s.battles:,}" in cells


def test_boards_can_be_chosen_only_where_there_are_several(pages: dict[str, str]) -> None:
    assert 'id="f-board"' not in pages["plain"]
    assert 'id="f-g"' not in pages["plain"]
    seen = seen_in(pages["everything"])
    options = [o["value"] for o in seen.all("option")]
    assert [g["label"] for g in seen.all("optgroup")] == ["language", "month"]
    for key in ("all", "language=de", "month=2025-06"):
        assert key in options
    chooser = embedded(pages["everything"])["chooser"]
    assert chooser["by"] == "model_group"
    assert {row[-1] for row in chooser["boards"][0]["rows"]} == {"open models", "closed <b>", ""}
    assert [b["key"] for b in embedded(pages["apart"])["chooser"]["boards"]] == [
        "all (part 1)",
        "all (part 2)",
    ]


def test_every_board_is_embedded_whole(pages: dict[str, str]) -> None:
    result, data = build.ranking("everything"), embedded(pages["everything"])["chooser"]
    assert data["columns"] == [column.name for column in STANDING]
    assert len(data["boards"]) == len(result.boards)
    for entry in data["boards"]:
        board = result.board(entry["key"])
        assert len(entry["rows"]) == len(board.standings)
        for row, s in zip(entry["rows"], board.standings, strict=True):
            found = dict(zip(data["columns"], row, strict=True))
            assert found["model"] == s.model
            assert found["rating_elo"] == pytest.approx(s.rating.value, abs=0.0006)
            assert found["joint_low_elo"] == pytest.approx(s.joint.low, abs=0.0006)
        assert entry["about_it"]["citation"].startswith("headtohead developers (2025). Ratings by")
        assert f"{len(board.standings)} models" in entry["subtitle"]
    hashes = {entry["about_it"]["content_sha256"] for entry in data["boards"]}
    assert len(hashes) == len(data["boards"])


def test_only_what_was_asked_for_is_shown(pages: dict[str, str]) -> None:
    ids = set(seen_in(pages["everything"]).ids)
    assert set(EXHIBITS) <= ids
    plain = set(seen_in(pages["plain"]).ids)
    assert plain & set(EXHIBITS) == {"win-matrix", "battle-counts", "left-out"}
    assert not {"section-time", "section-groups", "section-style", "section-trust"} & plain
    noted = seen_in(build.page(build.made(drift_note="there is one window")))
    assert "No drift can be shown: there is one window." in noted.text


def test_every_download_says_what_it_is(pages: dict[str, str]) -> None:
    for exhibit in embedded(pages["everything"])["exhibits"]:
        about = exhibit["metadata"]
        assert set(exhibit["data"]["columns"]) == set(about["columns"])
        assert all(len(row) == len(about["columns"]) for row in exhibit["data"]["rows"])
        assert about["rows"] == len(exhibit["data"]["rows"])
        assert about["bibtex"].startswith("@misc{")
        assert about["settings"]["anchor"] == "model-a"
        assert about["sources"][0]["source_id"] == "votes"
        assert exhibit["frame"]["title"]["text"]


def test_charts_draw_outside_a_browser_with_open_ends_as_arrows(pages: dict[str, str]) -> None:
    import vl_convert

    view = embedded(pages["undefeated"])["exhibits"][0]
    spec = framed(view["spec"], view["frame"]) | {"config": config(PRINT_INK)}
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    for name in build.ranking("undefeated").board().fitted.counts.models:
        assert f">{name}</text>" in svg
    rows = next(iter(view["spec"]["datasets"].values()))
    assert rows[0]["high"] is rows[0]["wide_high"] is None
    # An arrow is a triangle; nothing else here is one.
    triangles = [c for c in re.findall(r'd="(M[^"]*?)"', svg) if c.count("L") == 2 and "Z" in c]
    assert len(triangles) == 2
    joined = " ".join(view["metadata"]["notes"])
    assert "2 models have an interval without an end (always-wins: undefeated" in joined


def test_pairs_show_the_board_own_chances_and_counts(pages: dict[str, str]) -> None:
    board = build.ranking("plain").board()
    shown = {x["slug"]: x for x in embedded(pages["plain"])["exhibits"]}
    rows = shown["win-matrix"]["data"]["rows"]
    assert len(rows) == 28
    met = board.fitted.counts.between()
    for a, b, score, low, high, votes in rows:
        real = board.beats(a, b)
        assert (score, low, high) == (real.value, real.low, real.high)
        assert votes == met[min(a, b), max(a, b)] == 60
    cells = next(iter(shown["win-matrix"]["spec"]["datasets"].values()))
    assert len(cells) == 56
    by_place = {(c["row_n"], c["column_n"]): c for c in cells}
    for (i, j), cell in by_place.items():
        assert cell["score_frac"] + by_place[j, i]["score_frac"] == pytest.approx(1)
    assert "1 of 15 pairs never met" in seen_in(pages["undefeated"]).text


def test_votes_between_two_models_count_both_ways_round() -> None:
    votes = Counts.from_cells(
        ("a", "b", "c"), [0, 1, 1], [1, 0, 2], [[3, 1, 0, 0], [1, 1, 1, 1], [2, 2, 0, 0]]
    )
    (board,) = boards("all", votes, build.SETTINGS)
    assert board.fitted.counts.between() == {("a", "b"): 8, ("b", "c"): 4}


def test_many_groups_share_eight_colours_and_the_rest_are_others() -> None:
    names = [f"m{n:02}" for n in range(20)]
    result = build.made(build.counts(names, 20))
    labels = {name: f"lab-{n % 11:02}" for n, name in enumerate(names)}
    made = groups_of(result.board(), "lab", labels)
    result = replace(result, groups=made)
    figure = boards_figure(result, ModelNames.of(result), None)
    assert figure.chooser is not None
    assert figure.chart is not None
    kinds = set(figure.chooser.kinds.values())
    assert len(kinds) == 8
    assert "other" in kinds
    assert len({row[-1] for row in figure.download.rows}) == 11
    chart = figure.chart()
    assert chart is not None
    assert chart.to_dict()["layer"][-1]["encoding"]["y"]["field"] == "place"


def test_three_hundred_models_and_many_boards_stay_one_sane_page() -> None:
    names = [f"laboratory/model-{n:03}-instruct" for n in range(300)]
    rng_votes = build.counts(names, 2, step=0.02)
    found = boards("all", rng_votes, build.SETTINGS)
    many = {"all": found} | {
        f"language=l{n}": tuple(replace(b, name=f"language=l{n}") for b in found) for n in range(12)
    }
    result = build.made(rng_votes, boards=many)
    html = build.page(result)
    assert len(html.encode()) < 2_900_000
    data = embedded(html)
    assert len(data["chooser"]["boards"]) == 13
    assert len(next(iter(data["exhibits"][0]["spec"]["datasets"].values()))) == 50
    assert data["exhibits"][0]["spec"]["height"] == 50 * charts.ROW_PX
    matrix = next(x for x in data["exhibits"] if x["slug"] == "win-matrix")
    assert len(matrix["data"]["rows"]) == 30 * 29 / 2
    assert "The 30 models with the highest ratings; the board has 300." in seen_in(html).text
    assert len(re.findall("<th scope=row>(?:<bdi>)?laboratory", html)) >= 300


def test_the_same_result_gives_the_same_bytes(pages: dict[str, str]) -> None:
    assert build.page(build.ranking("everything")) == pages["everything"]


def test_the_page_says_which_command_makes_it_again(pages: dict[str, str]) -> None:
    again = "h2h rank votes.csv --where 'note=a, b=c' --html ranking.html"
    page = build.page(build.ranking("plain"), again)
    assert f"Make this page again: {again}" in seen_in(page).text
    assert "again:" not in seen_in(pages["plain"]).text


def test_a_board_of_people_and_a_judge_is_called_that() -> None:
    use = JudgeUse(
        by=("prompt",),
        votes=500,
        alone=0,
        labels=40,
        judged=1,
        agreement_frac=0.8,
        weight_frac=0.5,
        gain_ratio=1.4,
        unrated=(),
    )
    result = build.made(judge=use, trust=build.trust(build.made().board()))
    seen = seen_in(build.page(result))
    assert "Ratings by people, corrected by the judge" in seen.text
    assert "Ratings by all votes" not in seen.text
    # Flips are those of people alone: the first screen does not mix them with the corrected order.
    assert seen.text.count("would stand before") == 1


def test_settings_that_are_not_numbers_of_json_are_told_anyway() -> None:
    result: RankResult = build.made(about=None, as_of=None, citations=())
    page = build.page(result)
    assert "No source was used." in seen_in(page).text
    assert "Data: none." in embedded(page)["exhibits"][0]["frame"]["footer"]["text"]
