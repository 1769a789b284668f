"""What holds of every section, also of one that is added later; and how rows become charts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.claims import report_builder as build
from tests.simulations import lengths

from headtohead.core.dates import Period
from headtohead.core.question import Sides
from headtohead.publish.charts import log_ticks
from headtohead.publish.images import save_charts
from headtohead.publish.page import FigureView, figure_views
from headtohead.publish.words import cited
from headtohead.questions import FOLDERS, analyses, exhibit_specs, sections
from headtohead.questions.exhibit import ExhibitSpec
from headtohead.questions.figures import (
    MOST_POINTS,
    by_known,
    drawing,
    milliseconds,
    seen_days,
)

SPECS = [spec for section in sections() for spec in section.exhibits]
EXPECTED = {
    "arena-frontier",
    "capability-frontier",
    "lag-arrows",
    "capability-profile",
    "sensitivity",
    "price-vs-rating-then",
    "price-vs-rating",
    "same-quality",
    "price-of-level",
    "token-share",
    "openness-table",
    "open-frontier",
    "compute-stock",
    "compute-trend",
    "training-cost",
    "investment",
    "trading-equity",
}


def view(slug: str, **more: Any) -> FigureView:
    """One exhibit of a made-up report; the others are left out, so that none is drawn in vain."""
    made = build.report(**more)
    alone = replace(made, exhibits={slug: made.exhibits[slug]})
    return figure_views(alone.sheet)[slug]


def test_sections_come_in_the_order_of_the_claims_and_slugs_are_unique() -> None:
    assert [s.slug for s in sections()][: len(FOLDERS)] == list(FOLDERS)
    slugs = [spec.slug for spec in SPECS]
    assert len(slugs) == len(set(slugs))
    assert set(slugs) >= EXPECTED
    assert list(exhibit_specs()) == slugs
    assert all(s.title and s.asks.endswith("?") and s.exhibits for s in sections())


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.slug)
def test_an_exhibit_says_what_it_shows_and_asks_a_question_that_exists(spec: ExhibitSpec) -> None:
    assert spec.title
    assert spec.subtitle.endswith(".")
    assert not spec.title.endswith(".")
    known = analyses()
    assert spec.analysis in known
    words = known[spec.analysis].QUESTION.scope
    assert set(spec.scope) <= set(words)
    required = {k for k, w in words.items() if w.default is None}
    assert required <= set(spec.scope)
    asked = Period.parse("2025-12")
    later = date(2026, 10, 31)
    window = spec.about(asked, later)
    assert window.start <= asked.start
    assert window.end == (asked.end if spec.own_time else later)
    assert spec.about(asked, date(2025, 12, 15)).end == asked.end


# Other sides change names and colours alike in every chart.
DRAWN = [
    pytest.param(spec, sides, marks=[] if n < most else pytest.mark.slow, id=f"{name}-{spec.slug}")
    for name, sides, most in (
        ("country", Sides(), len(SPECS)),
        ("open", Sides("open", "closed", "open"), 3),
    )
    for n, spec in enumerate(SPECS)
]


@pytest.mark.parametrize(("spec", "sides"), DRAWN)
def test_an_exhibit_becomes_a_chart_with_rows_and_no_address(
    spec: ExhibitSpec, sides: Sides
) -> None:
    import altair as alt

    found = view(spec.slug, sides=sides)
    assert found.spec is not None
    # Chart.from_dict refuses the same, and tries every class of chart for each part of it.
    alt.Root.validate(found.spec | {"background": "white"})
    assert found.spec["width"] == "container"
    text = json.dumps(found.spec)
    assert "http" not in text
    assert "url" not in text
    assert found.rows_n == len(found.data["rows"]) == found.metadata["rows"] > 0
    assert len(found.figure.columns) == len(found.rows[0])
    assert found.metadata["sources"][0]["licence"] == "CC-BY-4.0"
    assert len(found.metadata["content_sha256"]) == 64


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.slug)
def test_hostile_names_reach_a_chart_only_as_data(spec: ExhibitSpec) -> None:
    found = view(spec.slug, names=build.HOSTILE)
    assert found.spec is not None
    for path, value in _strings(found.spec):
        if any(word in value for word in ("pwned", "onerror", "</script")):
            # A description is read aloud, as text.
            held = path[0] in ("datasets", "data", "description")
            assert held or "values" in path or "domain" in path, path


def _strings(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield (*path, "KEY"), str(key)
            yield from _strings(part, (*path, str(key)))
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part, path)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.slug)
def test_a_missing_answer_is_a_sentence_and_empty_rows_are_no_crash(spec: ExhibitSpec) -> None:
    gone = view(spec.slug, missing=[spec.slug])
    assert gone.spec is None
    assert gone.figure.missing == "no such rows were known by then"
    bare = view(spec.slug, rows={spec.slug: ()})
    assert bare.spec is None
    assert bare.rows_n == 0


def test_an_estimate_names_a_source_that_no_row_of_its_exhibit_names() -> None:
    made = build.report(citations=(build.citation(), build.citation("other")))
    exhibit = made.exhibits["investment"]
    leaning = build.estimate(source_ids=("made_up", "other"))
    answer = replace(exhibit.answer, estimates=(leaning,))
    exhibits = {"investment": replace(exhibit, answer=answer, citations=(build.citation(),))}
    found = figure_views(replace(made, exhibits=exhibits).sheet)["investment"]
    assert [c.source_id for c in cited(found.numbers[0][0], found.known)] == ["made_up", "other"]
    assert len(found.sources) == 1


@pytest.mark.parametrize("charts", lengths(2, len(SPECS)))
def test_charts_are_saved_as_png_and_svg(tmp_path: Path, charts: int) -> None:
    slugs = sorted((spec.slug for spec in SPECS), key=lambda slug: slug != "price-vs-rating")
    found = build.report(names=build.HOSTILE, missing=slugs[charts:])
    made = save_charts(found.sheet, tmp_path / "new" / "folder")
    assert len(made) == 2 * charts
    for path in made:
        content = path.read_bytes()
        if path.suffix == ".png":
            assert content.startswith(b"\x89PNG")
        else:
            assert content.startswith(b"<svg")
            assert b"<script" not in content
            assert b"<img" not in content
            assert content.count(b"<path") + content.count(b"<line") > 30, path
    svg = (tmp_path / "new" / "folder" / "price-vs-rating.svg").read_text()
    assert "Rating against list price" in svg
    assert "Licence of the data: CC-BY-4.0." in svg


def _spec(**more: Any) -> ExhibitSpec:
    plain_spec = exhibit_specs()["token-share"]
    return replace(plain_spec, time="on", needs=("v_n",), series=("who",), **more)


def _rows(count: int, **more: Any) -> list[dict[str, Any]]:
    start = date(2024, 1, 1)
    return [
        {"on": start + timedelta(days=i), "v_n": float(i % 97), "who": "x", "side": "US", **more}
        for i in range(count)
    ]


def test_long_lines_are_thinned_but_keep_their_ends_and_extremes() -> None:
    rows = _rows(9000)
    rows[4321]["v_n"], rows[77]["v_n"] = 1000.0, -1000.0
    drawn = drawing(_spec(), rows, Sides())
    assert 1000 < len(drawn.rows) <= MOST_POINTS
    values = [row["v_n"] for row in drawn.rows]
    assert (max(values), min(values)) == (1000.0, -1000.0)
    assert drawn.rows[0]["on"] == "2024-01-01"
    assert drawn.rows[-1]["on"] == str(rows[-1]["on"])


def test_rows_that_cannot_be_plotted_are_left_out_of_the_chart_only() -> None:
    rows = [
        *_rows(3),
        {"on": date(2024, 1, 5), "v_n": None},
        {"on": date(2024, 1, 6), "v_n": float("nan")},
    ]
    assert len(drawing(_spec(), rows, Sides()).rows) == 3


def test_the_two_sides_come_first_and_rare_others_are_put_together() -> None:
    codes = ["CN", "US", "FR", "FR", "KR", "KR", "CA", "CA", "IL", None]
    rows = [{**row, "side": c} for row, c in zip(_rows(len(codes)), codes, strict=True)]
    drawn = drawing(_spec(), rows, Sides())
    assert drawn.sides == ("US", "Chinese", "Canadian", "French", "Korean", "other")
    assert [row["side_label"] for row in drawn.rows[-2:]] == ["other", "other"]
    assert all(drawn.sides[row["side_n"]] == row["side_label"] for row in drawn.rows)


def test_another_grouping_reads_its_own_column_and_falls_back_to_the_country() -> None:
    rows = [{**row, "side": "US"} for row in _rows(2)]
    rows[0]["lab"] = "openai"
    drawn = drawing(_spec(), rows, Sides("lab", "openai", "deepseek"))
    assert [row["side_label"] for row in drawn.rows] == ["openai", "US"]


def test_the_slider_follows_knowledge_where_rows_became_known_bit_by_bit() -> None:
    late = timedelta(days=10)
    steady = [{**r, "known_on": r["on"] + late} for r in _rows(5)]
    assert by_known(_spec(), steady)
    assert seen_days(_spec(), steady)[0] == date(2024, 1, 11)
    at_once = [{**r, "known_on": date(2026, 8, 1)} for r in _rows(5)]
    assert not by_known(_spec(), at_once)
    assert seen_days(_spec(), at_once)[0] == date(2024, 1, 1)
    editions = [{**r, "known_on": date(2026, 1 + i // 7, 1)} for i, r in enumerate(_rows(21))]
    assert not by_known(_spec(), editions)
    assert seen_days(_spec(), _rows(1)) == []
    assert seen_days(replace(_spec(), time=""), steady) == []


def test_the_slider_stops_where_a_row_ends_too_and_stands_at_the_last_end() -> None:
    last = date(2024, 3, 1)
    rows = [{**r, "until": last if i == 1 else None} for i, r in enumerate(_rows(3))]
    spec = _spec(ends="until")
    assert seen_days(spec, rows) == [date(2024, 1, d) for d in (1, 2, 3)] + [last]
    drawn = drawing(spec, rows, Sides())
    assert drawn.until_ms == drawn.rows[1]["end_ms"] == milliseconds(last)
    assert max(row["seen_ms"] for row in drawn.rows) == milliseconds(date(2024, 1, 3))
    assert drawing(_spec(), rows, Sides()).until_ms == milliseconds(date(2024, 1, 3))


def _data(slug: str, **more: Any) -> list[dict[str, Any]]:
    """Every row that the chart of an exhibit carries."""
    found = view(slug, **more)
    assert found.spec is not None
    return [row for rows in found.spec["datasets"].values() for row in rows]


def test_a_bound_for_each_record_is_drawn_where_it_is_known_and_open_where_it_is_not() -> None:
    ours = [row for row in _data("lag-arrows") if row.get("side_n") == 0]
    assert len(ours) == 6
    for row in ours:
        assert row["low_ms"] < row["end_ms"]
        assert (row["high_ms"] is None) == (not row["is_matched"])
        assert row["high_ms"] is None or row["high_ms"] > row["end_ms"]
    assert {row["interval_words"] for row in ours if not row["is_matched"]} == {
        "6.5 to no upper bound",
        "5.5 to no upper bound",
    }


def test_records_at_one_height_get_labels_apart() -> None:
    rows = build.evidence(Sides(), ("a", "b", "c"))["lag-arrows"]
    level = tuple({**row, "score_index": 100.0 + i // 4} for i, row in enumerate(rows))
    ours = [r for r in _data("lag-arrows", rows={"lag-arrows": level}) if r.get("side_n") == 0]
    heights = sorted(row["label_y"] for row in ours)
    assert all(b - a > 0.03 for a, b in pairwise(heights))
    (one,) = [r for r in _data("lag-arrows", rows={"lag-arrows": rows[:1]}) if r.get("side_n") == 0]
    assert one["label_y"] == one["score_index"]


def test_the_arrows_of_other_sides_wear_their_names() -> None:
    sides = Sides("open", "closed", "open")
    labels = {row["side_label"] for row in _data("lag-arrows", sides=sides)}
    assert labels == {"closed", "open"}
    profile = _data("capability-profile", sides=sides)
    sure = {row["title"]: row["side_label"] for row in profile if row.get("is_sure")}
    assert sorted(sure.values()) == ["closed", "closed", "open"]


def test_a_profile_without_a_sure_benchmark_has_no_legend() -> None:
    rows = build.evidence(Sides(), ("a", "b", "c"))["capability-profile"]
    unsure = tuple({**row, "is_sure": False} for row in rows)
    some, none = (
        view("capability-profile", rows={"capability-profile": r}) for r in (rows, unsure)
    )
    assert "Better for sure:" in json.dumps(some.spec)
    assert "Better for sure:" not in json.dumps(none.spec)
    assert none.spec is not None


def test_choices_stand_under_their_topics_and_an_open_end_reaches_the_farthest() -> None:
    rows = [row for row in _data("sensitivity") if "order_n" in row]
    lines = [row["line"] for row in sorted(rows, key=lambda r: r["order_n"])]
    assert lines[0] == "Model one choice 0"
    assert lines[1:3] == ["Scores that are missing", "Model two choice 1"]
    assert lines[-3] == "One benchmark left out"
    by_choice = {row.get("choice"): row for row in rows}
    assert by_choice["Model one choice 0"]["lag_high_months"] is None
    assert by_choice["Model one choice 0"]["lag_to"] == 9.0
    assert by_choice["Model three choice 5"]["lag_words"] == "no interval made"
    assert by_choice["Model three choice 5"]["lag_low_months"] is None


def test_a_moment_is_drawn_to_the_minute_and_seen_from_its_day_on() -> None:
    moment = datetime(2025, 10, 17, 22, 6, tzinfo=UTC)
    rows = [{"on": moment, "v_n": 1.0, "who": "x", "side": "CN"}]
    (row,) = drawing(_spec(), rows, Sides()).rows
    assert row["t_ms"] == round(moment.timestamp() * 1000)
    assert row["seen_ms"] == round(datetime(2025, 10, 17, tzinfo=UTC).timestamp() * 1000)
    assert row["on"] == "2025-10-17 22:06"


def test_log_axes_have_round_places() -> None:
    assert log_ticks([0.3, 40.0]) == [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]
    assert log_ticks([1.0, 1e9])[:3] == [1, 10, 100]
    assert log_ticks([0.0, -1.0]) == []
