"""Pages: nothing empty stands on them, and days stay whole."""

from datetime import date

from headtohead.publish.notebook import sheet_fragment
from headtohead.publish.page import sheet_html
from headtohead.publish.sheet import Figure, Sheet, TableColumn, Topic

_FIGURE = Figure("one", "One", columns=(TableColumn("n", "n", 0),), rows=((1,),))


def _sheet(**more: object) -> Sheet:
    made: dict[str, object] = {
        "verb": "diff",
        "title": "From 2025-12-15 on <b>",
        "sentence": "Known by 2026-10-31.",
        "topics": (Topic(figures=(_FIGURE,)),),
        "as_of": date(2026, 10, 31),
    }
    return Sheet(**made | more)  # type: ignore[arg-type]


def test_a_page_without_facts_has_no_empty_box_for_them() -> None:
    assert '<dl class="as-of">' not in sheet_html(_sheet())
    assert '<dl class="as-of">' in sheet_html(_sheet(facts=(("From", "2025-12-15"),)))


def test_a_day_is_never_broken_at_its_hyphens_and_other_text_stays_escaped() -> None:
    page = sheet_html(_sheet())
    assert 'From <span class="day">2025-12-15</span> on &lt;b&gt;' in page
    assert 'Known by <span class="day">2026-10-31</span>.' in page


def test_commands_look_like_commands_and_what_they_hold_stays_escaped() -> None:
    page = sheet_html(_sheet(notes=("`h2h <b> x` adds it to a`b.",)))
    assert "<code>h2h &lt;b&gt; x</code> adds it to a`b." in page


def test_a_notebook_shows_no_empty_verdict() -> None:
    assert "<strong>" not in sheet_fragment(_sheet())
    assert "<strong>YES</strong>" in sheet_fragment(_sheet(word="YES"))
