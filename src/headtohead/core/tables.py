"""The declared tables: what evidence looks like once it is ours, whoever published it."""

from dataclasses import dataclass
from typing import Literal

from headtohead.core.errors import UnknownName

Kind = Literal["text", "real", "int", "flag", "day", "moment"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Numeric names end with a unit of the registry.
        kind: "text", "real", "int", "flag" (true or false), "day" or "moment" (UTC).
        doc: What it holds.
        required: False if a row may leave it empty.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, and the key under which a later row corrects an earlier one.

    Attributes:
        name: As in `h2h evidence NAME`.
        doc: One sentence: what a row is.
        columns: Its own columns; `COMMON` follow in every table.
        key: Rows of one source that agree on these are versions of one fact.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Own columns, then the common ones."""
        return self.columns + COMMON


COMMON = (
    Column("known_on", "day", "The day the fact became public; as-of reads cut here."),
    Column("vintage", "day", "For sources replaced as a whole: the day of that edition.", False),
    Column("verified", "flag", "False where the figure could not be checked against its origin."),
    Column("row_url", "text", "Address of this very figure, where it has one.", False),
    Column("note", "text", "What a careful reader must know about this row.", False),
    Column("source_id", "text", "Whose figure it is."),
)


def _c(name: str, kind: Kind, doc: str, *, optional: bool = False) -> Column:
    return Column(name, kind, doc, not optional)


_TABLES = (
    Table(
        "arena_ratings",
        "One entrant's rating on one board, category and day.",
        (
            _c("board", "text", "text, vision, text_to_image, document, webdev, ..."),
            _c(
                "style_control", "flag", "True: style-controlled; empty: not stated.", optional=True
            ),
            _c("category", "text", "full (the whole board) or the publisher's category."),
            _c("model_name", "text", "The entrant as printed."),
            _c("organisation", "text", "The organisation as printed.", optional=True),
            _c("licence", "text", "The licence as printed.", optional=True),
            _c("rating_elo", "real", "Bradley-Terry rating on the Elo scale."),
            _c("rating_low_elo", "real", "2.5% end.", optional=True),
            _c("rating_high_elo", "real", "97.5% end.", optional=True),
            _c("votes_n", "int", "Votes behind it.", optional=True),
            _c("observed_on", "day", "The day of the board."),
        ),
        ("board", "style_control", "category", "model_name", "observed_on"),
    ),
    Table(
        "index_scores",
        "One model's fitted score on a capability index.",
        (
            _c("index_name", "text", "eci, ..."),
            _c("model_name", "text", "The model as printed."),
            _c("score_index", "real", "Fitted score (interval scale: no ratios)."),
            _c("score_low_index", "real", "Lower end of the published interval.", optional=True),
            _c("score_high_index", "real", "Upper end.", optional=True),
            _c("level_frac", "real", "Coverage of that interval.", optional=True),
            _c("released_on", "day", "Release date by the publisher's convention."),
            _c("organisation", "text", "Organisation as printed.", optional=True),
            _c("country_name", "text", "Country as printed.", optional=True),
            _c("access", "text", "Open weights, API access, ... as printed.", optional=True),
        ),
        ("index_name", "model_name"),
    ),
    Table(
        "index_benchmarks",
        "One benchmark's fitted difficulty on a capability index.",
        (
            _c("index_name", "text", "eci, ..."),
            _c("benchmark", "text", "The benchmark as printed."),
            _c("difficulty_index", "real", "Index score at which half is solved."),
            _c("discrimination_slope", "real", "Slope of the curve per index point."),
            _c("is_anchor", "flag", "True if it fixes the scale."),
            _c("released_on", "day", "Release date of the benchmark.", optional=True),
        ),
        ("index_name", "benchmark"),
    ),
    Table(
        "benchmark_scores",
        "One system's score on one benchmark (or a part of it), in one setting.",
        (
            _c(
                "benchmark",
                "text",
                "gpqa_diamond, aider_polyglot, bfcl_v4, tau2, swe_bench_bash_only, ...",
            ),
            _c("part", "text", "overall, or the part (retail, airline, pass^4, multi_turn, ...)."),
            _c("model_name", "text", "The system as printed."),
            _c(
                "setting",
                "text",
                "Effort, prompt mode, scaffold, run id: what tells two runs apart.",
                optional=True,
            ),
            _c("score_frac", "real", "Score, 0 to 1 (below 0 only if chance-corrected)."),
            _c("chance_corrected", "flag", "True if 0 means guessing."),
            _c("tasks_n", "int", "Tasks in the benchmark or part.", optional=True),
            _c("attempts_n", "int", "Attempts per task averaged over.", optional=True),
            _c("cost_usd", "real", "Cost of the whole run in US dollars.", optional=True),
            _c("latency_mean_seconds", "real", "Mean seconds per task.", optional=True),
            _c(
                "latency_p95_seconds", "real", "95th percentile of seconds per task.", optional=True
            ),
            _c("organisation", "text", "Maker as printed.", optional=True),
            _c("evaluator", "text", "first_party (the maker) or third_party."),
            _c("observed_on", "day", "The day of the run or of the model entry.", optional=True),
        ),
        ("benchmark", "part", "model_name", "setting"),
    ),
    Table(
        "task_results",
        "One system's result on one task of a benchmark.",
        (
            _c("benchmark", "text", "The benchmark."),
            _c("task", "text", "The task's id (never its text)."),
            _c("model_name", "text", "The system as printed."),
            _c("setting", "text", "What tells two runs apart.", optional=True),
            _c("attempt_n", "int", "Number of the attempt, from 1."),
            _c("score_frac", "real", "0 to 1."),
            _c("cost_usd", "real", "Cost of the attempt.", optional=True),
            _c("calls_n", "int", "API calls made.", optional=True),
            _c("observed_on", "day", "The day of the run."),
        ),
        ("benchmark", "task", "model_name", "setting", "attempt_n"),
    ),
    Table(
        "prices",
        "One list price of one model at one provider, from a day on.",
        (
            _c("provider", "text", "Who sells the endpoint, in the source's own word."),
            _c("model_name", "text", "The provider's model id."),
            _c("tier", "text", "standard, batch, flex, over_200k, off_peak, ..."),
            _c("token_kind", "text", "input, output, cache_read, cache_write, ..."),
            _c("price_usd_per_mtok", "real", "Empty if withdrawn.", optional=True),
            _c("valid_from", "day", "First day of this price, as well as the source knows."),
            _c("valid_to", "day", "First day it no longer holds, where stated.", optional=True),
            _c(
                "basis",
                "text",
                "documented, commit, snapshot, flagged:...: how valid_from is known.",
            ),
        ),
        ("provider", "model_name", "tier", "token_kind", "valid_from"),
    ),
    Table(
        "token_usage",
        "Tokens processed on one channel for one subject in one window.",
        (
            _c("channel", "text", "openrouter, ..."),
            _c("breakdown", "text", "model, lab or access: what the subjects are."),
            _c("subject", "text", "Slug, lab, or open / closed / unknown / other as printed."),
            _c("tokens", "int", "Tokens in and out."),
            _c("window_start", "day", "First day."),
            _c("window_end", "day", "Last day."),
        ),
        ("channel", "breakdown", "subject", "window_start", "window_end"),
    ),
    Table(
        "models",
        "One model in a publisher's catalogue: names, licence, weights.",
        (
            _c("model_name", "text", "The catalogue's id."),
            _c("display_name", "text", "Name for people.", optional=True),
            _c("organisation", "text", "Maker in the catalogue's own word."),
            _c("released_on", "day", "Release date.", optional=True),
            _c("open_weights", "flag", "True if the weights can be downloaded.", optional=True),
            _c("licence", "text", "Licence as printed.", optional=True),
            _c("huggingface_id", "text", "Repository of the weights.", optional=True),
            _c(
                "canonical_name",
                "text",
                "The catalogue's own dated or canonical id.",
                optional=True,
            ),
        ),
        ("model_name",),
    ),
    Table(
        "training_runs",
        "What is known of how one model was trained.",
        (
            _c("model_name", "text", "The model as printed."),
            _c("organisation", "text", "As printed."),
            _c("country_name", "text", "As printed; several, separated by commas.", optional=True),
            _c("published_on", "day", "Publication date."),
            _c("total_params_b", "real", "Parameters, billions.", optional=True),
            _c("train_flop", "real", "Training compute.", optional=True),
            _c("train_low_flop", "real", "Lower bound.", optional=True),
            _c("train_high_flop", "real", "Upper bound.", optional=True),
            _c("train_chip_hours", "real", "Chip-hours.", optional=True),
            _c(
                "train_cost_usd",
                "real",
                "Published estimate, 2023 US dollars; methods are mixed.",
                optional=True,
            ),
            _c("hardware", "text", "Chips as printed.", optional=True),
            _c("chips_n", "int", "How many chips.", optional=True),
            _c("access", "text", "Model accessibility as printed.", optional=True),
            _c("code_access", "text", "Training code accessibility as printed.", optional=True),
            _c("confidence", "text", "Confident, Likely, Speculative, ...", optional=True),
            _c("notable", "flag", "True if the publisher calls it notable."),
        ),
        ("model_name", "organisation", "published_on"),
    ),
    Table(
        "chips",
        "One accelerator's published specification.",
        (
            _c("chip", "text", "As printed."),
            _c("maker", "text", "As printed."),
            _c("released_on", "day", "Release date.", optional=True),
            _c("fp16_tflop_per_s", "real", "Dense 16-bit.", optional=True),
            _c("fp8_tflop_per_s", "real", "Dense 8-bit.", optional=True),
            _c("fp4_tflop_per_s", "real", "Dense 4-bit.", optional=True),
            _c("memory_gb", "real", "Memory.", optional=True),
            _c("memory_gb_per_s", "real", "Memory bandwidth.", optional=True),
            _c("link_gb_per_s", "real", "Chip-to-chip, both directions.", optional=True),
            _c("power_w", "real", "Thermal design power.", optional=True),
            _c("die_mm2", "real", "Die area.", optional=True),
            _c(
                "compute_tpp",
                "real",
                "Total processing performance (dense TOPS x bits).",
                optional=True,
            ),
            _c("foundry", "text", "Who makes the die.", optional=True),
            _c("controlled_2022", "text", "Status under the October 2022 rule.", optional=True),
            _c("controlled_2023", "text", "Status under the October 2023 rule.", optional=True),
            _c(
                "eligible_2026",
                "text",
                "Case-by-case licence under the January 2026 rule.",
                optional=True,
            ),
        ),
        ("chip",),
    ),
    Table(
        "chip_prices",
        "One quoted price of one chip, to buy or to rent.",
        (
            _c("chip", "text", "As printed."),
            _c("maker", "text", "As printed.", optional=True),
            _c("vendor", "text", "Seller or cloud.", optional=True),
            _c("location", "text", "Region as printed.", optional=True),
            _c("contract", "text", "on_demand, one_year, three_years or purchase."),
            _c("price_usd_per_chip_hour", "real", "For rent.", optional=True),
            _c("price_usd", "real", "To buy.", optional=True),
            _c("priced_on", "day", "Day of the quote."),
        ),
        ("chip", "vendor", "location", "contract", "priced_on"),
    ),
    Table(
        "compute_stock",
        "AI chips that one owner had, or got, by one chip maker.",
        (
            _c("owner", "text", "Microsoft, China, Other, all, ..."),
            _c("maker", "text", "Nvidia, AMD, Google (TPU), Amazon (Trainium)."),
            _c("chip", "text", "Chip type, or all."),
            _c("measure", "text", "stock (since the start of counting) or added (in the window)."),
            _c("units_n", "real", "Chips, median.", optional=True),
            _c("compute_h100e", "real", "H100-equivalents, median."),
            _c("compute_low_h100e", "real", "5th percentile."),
            _c("compute_high_h100e", "real", "95th percentile."),
            _c("window_start", "day", "First day."),
            _c("window_end", "day", "Last day."),
        ),
        ("owner", "maker", "chip", "measure", "window_start", "window_end"),
    ),
    Table(
        "trades",
        "One closed trade of one agent.",
        (
            _c("season", "text", "alpha_arena_1, ..."),
            _c("trade_id", "text", "The publisher's id."),
            _c("model_name", "text", "The agent as printed."),
            _c("coin", "text", "BTC, ..."),
            _c("side", "text", "long or short."),
            _c("opened_at", "moment", "Entry, UTC."),
            _c("closed_at", "moment", "Exit, UTC."),
            _c("entry_usd", "real", "Entry price."),
            _c("exit_usd", "real", "Exit price."),
            _c("quantity_n", "real", "Coins."),
            _c("fees_usd", "real", "Both fees."),
            _c("net_usd", "real", "Profit after fees."),
        ),
        ("season", "trade_id"),
    ),
    Table(
        "equity",
        "One agent's account at one moment.",
        (
            _c("season", "text", "alpha_arena_1, ..."),
            _c("model_name", "text", "The agent as printed."),
            _c("observed_at", "moment", "UTC."),
            _c("return_pct", "real", "Since the start."),
            _c("equity_usd", "real", "Account value.", optional=True),
            _c("is_final", "flag", "True for the season's last value."),
        ),
        ("season", "model_name", "observed_at"),
    ),
    Table(
        "coin_prices",
        "One coin's price at one moment.",
        (
            _c("coin", "text", "BTC, ..."),
            _c("observed_at", "moment", "UTC."),
            _c("price_usd", "real", "Price (opening price where it is a candle)."),
            _c("high_usd", "real", "Highest in the candle.", optional=True),
            _c("low_usd", "real", "Lowest in the candle.", optional=True),
            _c("close_usd", "real", "Closing price of the candle.", optional=True),
        ),
        ("coin", "observed_at"),
    ),
    Table(
        "figures",
        "One cited figure, gathered by hand.",
        (
            _c("topic", "text", "private_investment, hf_download_share, ..."),
            _c("subject", "text", "US, CN, DeepSeek-V3, ..."),
            _c("measure", "text", "What exactly is counted."),
            _c("value", "real", "In `unit`."),
            _c("low_value", "real", "Lower end: published, or from rounding.", optional=True),
            _c("high_value", "real", "Upper end.", optional=True),
            _c("unit", "text", "A unit of the registry."),
            _c("window_start", "day", "First day it speaks of."),
            _c("window_end", "day", "Last day."),
            _c("scope", "text", "What is in and out."),
        ),
        ("topic", "subject", "measure", "window_start", "window_end"),
    ),
    Table(
        "openness",
        "How open one flagship model is, from a day on.",
        (
            _c("model_name", "text", "The model."),
            _c("organisation", "text", "The lab."),
            _c("flagship", "flag", "True if it led its lab's line-up when released."),
            _c("weights_open", "flag", "Weights can be downloaded."),
            _c("licence", "text", "SPDX or LicenseRef-..."),
            _c("licence_osi", "flag", "An OSI-approved licence."),
            _c("code_open", "flag", "Training code published.", optional=True),
            _c("data_open", "flag", "Training data published or itemised.", optional=True),
            _c("valid_from", "day", "From this day."),
        ),
        ("model_name", "valid_from"),
    ),
    Table(
        "rules",
        "One export-control rule on AI chips.",
        (
            _c("rule", "text", "Short id."),
            _c("title", "text", "What it does, in a line."),
            _c("direction", "text", "tighter, easier or mixed."),
            _c("chips", "text", "Chips it first touched, comma-separated.", optional=True),
            _c("announced_on", "day", "Published."),
            _c("effective_from", "day", "In force from."),
            _c("effective_to", "day", "Superseded or rescinded.", optional=True),
        ),
        ("rule",),
    ),
    Table(
        "architectures",
        "One open model's shape, from its published configuration.",
        (
            _c("model_name", "text", "The model."),
            _c("organisation", "text", "The lab."),
            _c("released_on", "day", "Release date."),
            _c("attention", "text", "MHA, GQA, MLA, MLA+DSA, ..."),
            _c("experts_n", "int", "Experts per layer; 0 for dense.", optional=True),
            _c("total_b", "real", "Parameters."),
            _c("active_b", "real", "Parameters used per token."),
            _c("compute_gflop_per_token", "real", "Without attention."),
            _c("kv_bytes_per_token", "real", "Key-value cache, 16-bit."),
        ),
        ("model_name",),
    ),
)


def tables() -> dict[str, Table]:
    """All declared tables by name."""
    return {t.name: t for t in _TABLES}


def table(name: str) -> Table:
    """The table called `name`.

    Raises:
        UnknownName: If none is.
    """
    known = tables()
    if name not in known:
        raise UnknownName("table", name, known)
    return known[name]
