"""Every reading of the article can come out either way: evidence is planted on which it does.

A reading that nothing could refute, or nothing prove, would be no test of its sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import polars as pl
import pytest
from tests.kept_facts import of_the_same_rows

from headtohead.claims.claim import Bound, Claim, Condition
from headtohead.claims.verdict import Truth, claims_of, judge
from headtohead.core.question import Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.questions import analysis

AS_OF = date(2026, 10, 31)
Plant = Callable[[pl.DataFrame], pl.DataFrame]


class Planted(Facts):
    """Facts of which some tables are changed before a question sees them."""

    plants: Mapping[str, Plant] = {}

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.unplanted = cache(super()._allowed)

    def _allowed(
        self, table: str, as_of: date, used_on: date | None, sources: tuple[str, ...]
    ) -> pl.DataFrame:
        rows = self.unplanted(table, as_of, used_on, sources)
        return self.plants[table](rows) if table in self.plants else rows

    def truth(self, claim: Claim, condition: Condition, plants: Mapping[str, Plant]) -> Truth:
        """What a condition comes to once tables were planted, however old their rows are."""
        self.plants = plants
        self._kept = of_the_same_rows(self._kept)
        about = condition.about or claim.about
        answer = self.ask(
            analysis(condition.analysis),
            about=about,
            as_of=AS_OF,
            sides=Sides(),
            scope=condition.scope,
            sources=claim.sources,
        )
        return judge(condition, answer, about).truth


CN, US = pl.col("country") == "CN", pl.col("country") == "US"
BOARD, FIGURE = "rating_elo rating_low_elo rating_high_elo", "value low_value high_value"
CHIPS = "compute_h100e compute_low_h100e compute_high_h100e"
OPEN = "weights_open licence_osi code_open data_open"
released_on = pl.col("model_released_on")
OWN_CHIPS = pl.col("maker").is_in(["Huawei", "Cambricon"])
ARTICLE, TURN = date(2025, 12, 15), date(2024, 12, 26)


def changed(columns: str, to: Callable[[pl.Expr], pl.Expr], only: Any = True) -> Plant:
    """The rows with some columns changed, where something holds."""
    return lambda rows: rows.with_columns(
        pl.when(only).then(to(pl.col(c))).otherwise(pl.col(c)).alias(c) for c in columns.split()
    )


def times(columns: str, by: float, only: Any = True) -> Plant:
    return changed(columns, lambda c: c * by, only)


def plus(columns: str, by: float, only: Any = True) -> Plant:
    return changed(columns, lambda c: c + by, only)


def put(columns: str, value: object, only: Any = True) -> Plant:
    return changed(columns, lambda _: pl.lit(value), only)


def one_level(rows: pl.DataFrame) -> pl.DataFrame:
    """A board that three entrants lead at 1448 points."""
    first = pl.col("model_name").is_in(["gemini-2.5-pro", "gpt-5-high", "claude-opus-4-5-20251101"])
    return put(BOARD, 1448.0, first)(plus(BOARD, -400, ~first)(rows))


def more_agents(rows: pl.DataFrame) -> pl.DataFrame:
    """A season of three times as many agents, who ended alike."""
    name, none = pl.col("model_name"), pl.lit(None, pl.String)
    others = [rows.with_columns(name + f" {n}", model_id=none) for n in "23"]
    return pl.concat([rows, *others])


def research(rows: pl.DataFrame) -> pl.DataFrame:
    """A published cost of the research before."""
    final = rows.filter(pl.col("measure") == "final_run_rental")
    cost = final.with_columns(measure=pl.lit("research_rental"))
    return pl.concat([rows, put(FIGURE, 1e4)(cost)])


def runs_of_all(cost: float) -> Callable[[Condition], Plant]:
    """A run of every model named: those said to be cheaper at some cost, the others at 70."""

    def plant(condition: Condition, rows: pl.DataFrame) -> pl.DataFrame:
        row = rows.filter((pl.col("benchmark") == "aider_polyglot") & (pl.col("cost_usd") > 0))
        row = row.sort("observed_on").tail(1).with_columns(model_id=pl.lit(None, pl.String))
        made = [
            row.with_columns(model_name=pl.lit(name), cost_usd=pl.lit(usd))
            for side, usd in (("dear", 70.0), ("cheap", cost))
            for name in condition.scope[side]
        ]
        return pl.concat(made)

    return lambda condition: lambda rows: plant(condition, rows)


def cut_twofold(rows: pl.DataFrame, since: date, until: date) -> pl.DataFrame:
    """Prices of which every US one is cut by half once within some days, and by no other day."""
    keys = ["source_id", "provider", "model_name", "tier", "token_kind"]
    first = rows.filter(US).sort("valid_from").unique(keys, keep="first", maintain_order=True)
    first = first.with_columns(price_usd_per_mtok=pl.lit(10.0), operator=pl.col("lab"))
    day = pl.max_horizontal(pl.col("valid_from") + pl.duration(days=30), pl.lit(since))
    later = first.with_columns(valid_from=day, price_usd_per_mtok=pl.lit(5.0))
    return pl.concat([first, later.filter(pl.col("valid_from") < until)])


def priced_alone(rows: pl.DataFrame) -> pl.DataFrame:
    """A board of models whose prices are known."""
    ids = ["deepseek/deepseek-v3.2", "openai/gpt-5", "google/gemini-2.5-pro", "xai/grok-4"]
    return rows.filter(pl.col("model_id").is_in(ids))


def cheap_by(by: float) -> Plant:
    """Prices of which every Chinese one is lower by one factor."""
    return lambda rows: put("price_usd_per_mtok", by, US)(put("price_usd_per_mtok", 1.0, CN)(rows))


def few_layers(rows: pl.DataFrame) -> pl.DataFrame:
    """Sizes of which every dense model's are those of a tenth of its layers."""
    few, dense = pl.col("layers_n") // 10, pl.col("experts_n") == 0
    changed = {
        name: pl.when(dense).then(few).otherwise(name) for name in ("layers_n", "dense_layers_n")
    }
    return rows.with_columns(**changed)


# What may be planted in each table; a condition must come out true on one, and false on another.
PLANTS: Mapping[str, tuple[Plant, ...]] = {
    "arena_ratings": (
        plus(BOARD, 300, CN),
        plus(BOARD, -300, CN),
        plus(BOARD, 40, CN),
        plus(BOARD, -300, pl.col("brand") == "qwen"),
        plus(BOARD, -300, CN & (released_on > date(2024, 1, 15))),
        one_level,
        priced_alone,
    ),
    "figures": (
        times(FIGURE, 100),
        times(FIGURE, 0.1),
        times(FIGURE, 0.1, pl.col("subject") == "CN"),
        research,
    ),
    "prices": (
        cheap_by(100.0),
        cheap_by(7.0),
        cheap_by(1.2),
        times("price_usd_per_mtok", 100, CN),
        lambda rows: cut_twofold(rows, TURN, date(2025, 12, 1)),
        lambda rows: cut_twofold(rows, date(2024, 1, 10), TURN),
    ),
    "benchmark_scores": (
        times("score_frac", 0.3, US),
        times("score_frac", 0.3, CN),
        times(
            "score_frac", 0.3, CN & ((released_on <= ARTICLE) | (pl.col("observed_on") <= ARTICLE))
        ),
        times("score_frac", 0.02, CN & (released_on > TURN)),
    ),
    "openness": (put(OPEN, value=True), put(OPEN, value=False)),
    "token_usage": (
        times("tokens", 10, CN),
        times("tokens", 0, CN),
        lambda rows: times("tokens", 2.2, CN)(
            put("country", "US", pl.col("country").is_null())(rows)
        ),
    ),
    "equity": (
        plus("return_pct", -200, CN),
        more_agents,
        lambda rows: more_agents(plus("return_pct", -200, CN)(rows)),
    ),
    "architectures": (times("total_b", 0.1),),
    "model_sizes": (few_layers,),
    "training_runs": (put("hardware", "NVIDIA H100"),),
    "chips": (put("foundry", "Intel"),),
    "compute_stock": (
        times(CHIPS, 50, CN),
        times(CHIPS, 1000, OWN_CHIPS),
        *(
            times(CHIPS, by, which & (pl.col("window_end") > TURN.replace(day=31)))
            for which in (CN, OWN_CHIPS)
            for by in (50, 0.02)
        ),
    ),
}


def falling(before: float, after: float) -> Mapping[str, Plant]:
    """Boards and prices of three levels of ability, whose lowest prices fall tenfold so many times.

    Args:
        before: In each year before the turn.
        after: In each year after it.
    """
    days = pl.date_range(date(2023, 7, 1), date(2025, 12, 1), "1mo", eager=True).to_list()
    offers = [
        (n, level, day)
        for n, (day, level) in enumerate((d, x) for d in days for x in (1260, 1310, 1360))
    ]

    def price(level: int, day: date) -> float:
        years = [(min(day, TURN) - days[0]).days / 365.25, max(0, (day - TURN).days) / 365.25]
        return float(level * 10 ** -(before * years[0] + after * years[1]))

    def board(rows: pl.DataFrame) -> pl.DataFrame:
        some = rows.filter(
            (pl.col("board") == "text")
            & (pl.col("category") == "full")
            & (pl.col("observed_on") <= ARTICLE)
            & pl.col("style_control")
        )
        some = some.filter(pl.col("observed_on") == some["observed_on"].max()).head(1)
        return pl.concat(
            some.with_columns(
                model_name=pl.lit(f"m{n}"),
                model_id=pl.lit(f"lab/m{n}"),
                **{c: pl.lit(float(level)) for c in BOARD.split()},
            )
            for n, level, _ in offers
        )

    def prices(rows: pl.DataFrame) -> pl.DataFrame:
        both = rows.filter(pl.col("tier") == "standard").head(1)
        return pl.concat(
            both.with_columns(
                model_name=pl.lit(f"m{n}"),
                model_id=pl.lit(f"lab/m{n}"),
                operator=pl.lit("lab"),
                lab=pl.lit("lab"),
                token_kind=pl.lit(kind),
                valid_from=pl.lit(day),
                model_released_on=pl.lit(day),
                basis=pl.lit("documented"),
                price_usd_per_mtok=pl.lit(price(level, day)),
            )
            for n, level, day in offers
            for kind in ("input", "output")
        )

    return {"arena_ratings": board, "prices": prices}


def planted(condition: Condition) -> list[Mapping[str, Plant]]:
    """What may be planted for a condition: nothing, then one change after another."""
    question = analysis(condition.analysis).QUESTION
    if condition.analysis == "cost.price_trend":
        return [falling(1.0, 0.2), falling(0.2, 1.0)]
    if condition.analysis == "cost.cost_per_success":
        return [{"benchmark_scores": runs_of_all(cost)(condition)} for cost in (10.0, 1.0)]
    return [{}, *({table: p} for table in question.tables for p in PLANTS.get(table, ()))]


# A list that is not complete can refute that there is no other, and never prove it.
NEVER_PROVEN = {("O4", "as_stated", 0)}
CLAIMS = {c.id: c for c in claims_of(Facts()).claims}
CONDITIONS = [
    (claim.id, name, place)
    for claim in CLAIMS.values()
    for name, reading in zip(("as_stated", "narrower"), claim.readings, strict=False)
    for place, condition in enumerate(reading.conditions)
    if condition.analysis
]


def condition_of(claim_id: str, name: str, place: int) -> Condition:
    found: Condition = getattr(CLAIMS[claim_id], name).conditions[place]
    return found


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return Planted(Store(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize(("claim_id", "name", "place"), CONDITIONS)
def test_each_condition_holds_on_some_evidence_and_fails_on_other(
    facts: Planted, claim_id: str, name: str, place: int
) -> None:
    claim = CLAIMS[claim_id]
    condition = condition_of(claim_id, name, place)
    wanted = {"true", "false"}
    if (claim_id, name, place) in NEVER_PROVEN:
        wanted = {"undecided", "false"}
    seen: set[Truth] = set()
    for plants in planted(condition):
        seen.add(facts.truth(claim, condition, plants))
        if wanted <= seen:
            return
    pytest.fail(f"nothing planted makes it {' or '.join(sorted(wanted - seen))}")


def test_a_reading_that_nothing_can_refute_is_found(facts: Planted) -> None:
    # A cumulative stock cannot fall, so that "it grew" says nothing.
    stock = CLAIMS["H4"]
    grew = replace(
        stock.as_stated.conditions[0],
        scope={**stock.as_stated.conditions[0].scope, "measure": "domestic_growth"},
        bound=Bound(at_least=1, unit="ratio"),
    )
    stocks = [{}, *({"compute_stock": times(CHIPS, by, OWN_CHIPS)} for by in (50, 0.02))]
    assert {facts.truth(stock, grew, plants) for plants in stocks} == {"true"}


NAMING = ("models", "dear", "cheap", "subjects", "groups")


@pytest.mark.parametrize(
    ("claim_id", "name", "place"),
    [key for key in CONDITIONS if any(map(condition_of(*key).scope.get, NAMING))],
)
def test_no_condition_holds_of_those_that_have_data_alone(
    facts: Planted, claim_id: str, name: str, place: int
) -> None:
    condition = condition_of(claim_id, name, place)
    nobody = {"groups": "brand=nobody"}
    for word in filter(condition.scope.get, NAMING):
        more = (*condition.scope[word], nobody.get(word, "Nobody's Model"))
        asked = replace(condition, scope={**condition.scope, word: more})
        bound = condition.bound
        holds_of_most = bound is not None and bound.each == "most"
        before, after = (facts.truth(CLAIMS[claim_id], c, {}) for c in (condition, asked))
        assert after in ({before, "undecided"} if holds_of_most else {"false", "undecided"})
