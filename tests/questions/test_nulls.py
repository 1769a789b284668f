"""A value that is not known never vanishes: it changes no number, or a note counts it.

Every question is asked once of the built-in evidence, and again with each column that may be empty
emptied in every second row. A number that moves must come with a note that was not there before,
or with a wider interval.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.kept_facts import of_the_same_rows

from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.evidence.picking import known, unplaced
from headtohead.evidence.store import Store
from headtohead.evidence.tables import tables
from headtohead.questions import analyses
from headtohead.questions.slopes import PooledSlopes, pooled_slopes

AS_OF = date(2026, 11, 28)
ARTICLE, YEAR_END, AUTUMN = "2025-12-15", "2025-12-31", "2026-10-31"
PATENTS = {"topic": "patents", "measure": "share of AI patents granted"}
V3, K2 = "DeepSeek-V3", "Kimi K2"
CASES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "performance.arena_frontier": (ARTICLE, {}),
    "performance.arena_gap": (ARTICLE, {"a": "country=US, open=closed"}),
    "performance.arena_level": (ARTICLE, {"of": "brand=kimi"}),
    "performance.arena_rank": (ARTICLE, {"groups": ("brand=qwen",), "only": "open=open"}),
    "performance.best_score_gap": (AUTUMN, {}),
    "performance.capability_gap": (ARTICLE, {"method": "published"}),
    "performance.gap_closed": (AUTUMN, {"since": "2024-01-15", "measures": ("rating",)}),
    "performance.score_gap": (
        ARTICLE,
        {"benchmarks": ("gpqa_diamond",), "a_models": ("GPT-5",), "b_models": ("DeepSeek-V3.2",)},
    ),
    "performance.score_gap_closed": (
        AUTUMN,
        {"since": ARTICLE, "parts": ("retail_pass_1", "telecom_pass_1"), "independent": False},
    ),
    "performance.score_ratio": (ARTICLE, {"mode": "each"}),
    "performance.trading_equity": (ARTICLE, {}),
    "performance.trading_order": (ARTICLE, {}),
    "performance.trading_return": (ARTICLE, {"models": ("deepseek-chat-v3.1", "qwen3-max")}),
    "openness.adoption": (ARTICLE, {}),
    "openness.frontier_share": (ARTICLE, {}),
    "openness.open_families": (ARTICLE, {"besides": ("llama",)}),
    "openness.flagships": (ARTICLE, {"which": "country=CN", "criteria": ("code_open",)}),
    "cost.architecture_savings": (ARTICLE, {"models": (V3, K2), "dense": ("Llama 3.1 405B",)}),
    "cost.cost_per_success": (ARTICLE, {"dear": ("gpt-5",)}),
    "cost.list_price": (ARTICLE, {"dear": ("gpt-5",), "cheap": ("deepseek-v3.2",)}),
    "cost.price_cuts": (ARTICLE, {"since": "2025-01-20"}),
    "cost.price_explained": (
        ARTICLE,
        {"models": ("deepseek-v3.2",), "dear": ("gpt-5",), "dense": ("Llama 3.1 405B",)},
    ),
    "cost.price_decline": (ARTICLE, {"since": "2025-11-01", "seller": "cheapest"}),
    "cost.price_trend": (ARTICLE, {"turn": "2024-12-25"}),
    "cost.price_vs_rating": (ARTICLE, {"models": ("deepseek-v3.2",)}),
    "cost.same_quality": (ARTICLE, {}),
    "cost.training_cost": (ARTICLE, {"subjects": ("GPT-4",), "measures": ("amortised",)}),
    "hardware.compute_held": (YEAR_END, {"by": "bandwidth"}),
    "hardware.compute_stock": (YEAR_END, {}),
    "hardware.compute_trend": (YEAR_END, {}),
    "hardware.design_share": (YEAR_END, {"step": "manufacture"}),
    "hardware.restricted_chips": (ARTICLE, {}),
    "investment.private_investment": (ARTICLE, {}),
    "investment.research_lead": (ARTICLE, {}),
    "general.ever": ("2025-11-01/2025-12-31", {}),
    "general.window_mean": ("2025-12-01/2025-12-07", {"series": "tokens"}),
    "general.figure": (ARTICLE, PATENTS),
    "general.figure_ratio": (
        ARTICLE,
        {**PATENTS, "subject": "CN", "over": "US"},
    ),
    "impact.dollar_share": ("2026-06-26", {}),
    "impact.past_share": (ARTICLE, {"measure": "share of weekly tokens, lowest"}),
    "impact.rule_events": (AUTUMN, {"since": "2026-01-01", "until": "2026-12-31"}),
    "impact.token_share": (ARTICLE, {}),
}
# Asked of the same index as the gap, which is asked.
SAME_INDEX = {
    "performance.capability_index",
    "performance.capability_lag",
    "performance.capability_profile",
    "performance.capability_sensitivity",
    "performance.catch_up_time",
    "performance.expected_scores",
    "performance.frontier_trend",
}
# Columns in which nothing says something: no mode, no end, no remark, the publisher's default.
SAYS_SOMETHING = {
    "country_name",
    "effective_to",
    "family",
    "hours_utc",
    "join_rule",
    "level_frac",
    "licence",
    "mode",
    "note",
    "row_url",
    "served_as",
    "setting",
    "style_control",
    "valid_from_at",
    "valid_to",
    "valid_to_at",
    "vintage",
}
ENTITY = ("model_id", "lab", "country", "open", "brand", "model_released_on")


class WithHoles(Facts):
    """Facts of which one column of one table is not known in every second row."""

    table, column = "", ""

    def _allowed(
        self, table: str, as_of: date, used_on: date | None, sources: tuple[str, ...]
    ) -> pl.DataFrame:
        rows = super()._allowed(table, as_of, used_on, sources)
        if table != self.table or self.column not in rows.columns:
            return rows
        second = pl.int_range(pl.len()) % 2 == 1
        return rows.with_columns(pl.when(~second).then(self.column).alias(self.column))

    def known_columns(self, table: str) -> set[str]:
        """The columns of a table that are known of any row; holes in the others change nothing."""
        rows = self.frame(table, AS_OF)
        return {c for c in rows.columns if rows[c].null_count() < rows.height}

    def without(self, table: str, column: str) -> "WithHoles":
        """The same facts with other holes."""
        self.table, self.column = table, column
        self._kept = of_the_same_rows(self._kept)
        return self


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> WithHoles:
    return WithHoles(Store(tmp_path_factory.mktemp("home")))


def numbers(answer: Answer) -> list[tuple[str, float, float, float, int]]:
    return [(e.label, e.value, e.low, e.high, e.n) for e in answer.estimates]


def is_wider(after: Answer, before: Answer) -> bool:
    """Whether the intervals say that less is known: each holds the one it had, or is open."""
    own = {e.label: e for e in before.estimates}
    return all(
        math.isinf(e.low)
        or math.isinf(e.high)
        or (e.label in own and e.low <= own[e.label].low and own[e.label].high <= e.high)
        for e in after.estimates
    )


def test_every_question_is_asked() -> None:
    assert set(CASES) | SAME_INDEX == set(analyses())


@pytest.fixture(scope="module", autouse=True)
def _fitted_once() -> Iterator[None]:
    """The slopes of the same points are drawn once: most columns play no part in them."""
    drawn: dict[tuple[object, ...], tuple[PooledSlopes, Any]] = {}

    def once(*points: Any) -> PooledSlopes:
        *arrays, rng = points
        key = (*(np.asarray(x).tobytes() for x in arrays), str(rng.bit_generator.state))
        if key not in drawn:
            drawn[key] = pooled_slopes(*points), rng.bit_generator.state
        found, rng.bit_generator.state = drawn[key]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headtohead.questions.cost.price_decline.pooled_slopes", once)
        yield


LONG = ("cost.price_decline", "cost.price_vs_rating", "cost.same_quality", "impact.dollar_share")
"""Questions that take seconds: the short tests empty every third column of theirs."""


@pytest.mark.parametrize(
    ("name", "every"),
    [
        *((name, 3 if name in LONG else 1) for name in CASES),
        *(pytest.param(name, 1, marks=pytest.mark.slow) for name in LONG),
    ],
)
def test_what_is_not_known_is_counted(facts: WithHoles, name: str, every: int) -> None:
    about, scope = CASES[name]
    analysis = analyses()[name]

    def ask(table: str, column: str) -> Answer:
        return facts.without(table, column).ask(
            analysis, about=Period.parse(about), as_of=AS_OF, scope=scope
        )

    before = ask("", "")
    assert before.estimates, before.missing
    silent = []
    for table in (*analysis.QUESTION.reads, *analysis.QUESTION.optional):
        may = [c.name for c in tables()[table].all_columns if not c.required]
        known_some = facts.without("", "").known_columns(table)
        for column in [*dict.fromkeys((*may, *ENTITY, "operator"))][::every]:
            if column in SAYS_SOMETHING or column not in known_some:
                continue
            after = ask(table, column)
            said = after.missing or set(after.notes) - set(before.notes)
            if numbers(after) != numbers(before) and not (said or is_wider(after, before)):
                silent.append(f"{table}.{column}")
    assert not silent


def test_the_helpers_count_what_they_leave_out() -> None:
    rows = pl.DataFrame({"country": ["US", None, "CN"], "day": [1, None, None]})
    kept, notes = known(rows, "day", "scores without a day")
    assert kept.height == 1
    assert notes == ("left out: 2 of 3 scores without a day",)
    assert known(rows.head(1), "day", "scores without a day")[1] == ()
    assert unplaced(rows, "models", "country=US, open=open", "country=CN") == (
        "1 of 3 models is on no side: its country is not known",
    )
