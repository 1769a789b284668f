"""What several sources share: the words of price lists, the arena's, and Epoch's file of scores."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from headtohead.evidence.sourcing import (
    RawFiles,
    Record,
    Row,
    Source,
    american_day,
    benchmark_id,
    github,
    names,
)
from headtohead.evidence.tables import benchmarks

_MTOK = 1_000_000
# LiteLLM's words: its prices of the kinds of token that most sources have, and its modes of models
# that are no text models.
LITELLM_KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
}
LITELLM_OTHER_MODES = names(
    "audio_speech audio_transcription evaluation extraction guardrail image_edit image_generation "
    "moderation ocr realtime rerank search vector_store video_generation"
)
# How Epoch prints that it ran an evaluation itself.
EPOCH_OWN_RUNS = "Epoch evaluations"
# What Epoch says of a model's accessibility; some tables leave it empty or say "Unknown" besides.
EPOCH_ACCESS = frozenset(
    names(
        "API access; Hosted access (no API); Open weights (unrestricted); Open weights (restricted "
        "use); Open weights (non-commercial); Unreleased",
        by="; ",
    )
)
# Occupations whose votes LMArena counts apart, as its category names give them.
ARENA_INDUSTRIES = tuple(
    f"industry_{name}"
    for name in names(
        "business_and_management_and_financial_operations entertainment_and_sports_and_media "
        "legal_and_government life_and_physical_and_social_science mathematical "
        "medicine_and_healthcare software_and_it_services writing_and_literature_and_language"
    )
)


def epoch_hardware_table(
    source_id: str, product: str, file: str, rows: Mapping[str, tuple[int, int]], *, whole: bool
) -> Source:
    """The card of one file of Epoch's data on chips."""
    page = "https://epoch.ai/data/machine-learning-hardware"
    return Source(
        source_id=source_id,
        publisher="Epoch AI",
        product=product,
        citation=f"Epoch AI (2025). Data on Machine Learning Hardware. {page}",
        url=page,
        licence="CC-BY-4.0",
        ship="yes",
        downloads=github("epoch-research/training-cost-trends/main/data", file),
        patterns=(file,),
        rows=rows,
        whole=whole,
    )


def context_tier(over_tokens: int) -> str:
    """The tier of prompts longer than this: "over_200k" for 200,000 tokens.

    Raises:
        ValueError: If it is not a positive whole number.
    """
    if isinstance(over_tokens, bool) or over_tokens != int(over_tokens) or over_tokens <= 0:
        raise ValueError(f"{over_tokens!r} is not a number of tokens")
    thousands, rest = divmod(int(over_tokens), 1000)
    return f"over_{int(over_tokens)}" if rest else f"over_{thousands}k"


def litellm_hours(windows: object) -> str | None:
    """LiteLLM's off-peak windows as the table has hours; None if they are of another form.

    They are the same every day, or some on Monday to Friday beside all of the weekend; these are
    what lies outside the other hours of the weekdays.
    """
    try:
        spans = {
            tuple(window.get("weekdays", range(1, 8))): [
                (span[:5], span[6:]) for span in _listed(window["hours_utc"])
            ]
            for window in windows  # type: ignore[attr-defined]
        }
    except (TypeError, KeyError, AttributeError):
        return None
    daily, worked = spans.get(tuple(range(1, 8))), spans.get(tuple(range(1, 6)))
    if daily and len(spans) == 1:
        return ", ".join(f"{first} to {last}" for first, last in daily) + " UTC"
    if worked and spans == {(1, 2, 3, 4, 5): worked, (6, 7): [("00:00", "00:00")]}:
        ends = sorted(worked)
        gaps = [(last, first) for (_, last), (first, _) in pairwise(ends) if last < first]
        if ends[0][0] == ends[-1][1] == "00:00" and gaps:
            return f"outside {', '.join(f'{a} to {b}' for a, b in gaps)} UTC on weekdays"
    return None


def _listed(spans: str | list[str]) -> list[str]:
    return [spans] if isinstance(spans, str) else spans


def usd_per_mtok(price: object, *, per_tokens: int = _MTOK) -> float:
    """US dollars per million tokens, without the rounding noise of a float product.

    Args:
        price: US dollars per `per_tokens` tokens, as a number or a decimal string.
        per_tokens: 1 where the publisher prices single tokens.

    Raises:
        ValueError: If it is not a finite price of zero or more.
    """
    try:
        amount = Decimal(str(price))
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{price!r} is not a price")
    return float(amount * _MTOK / per_tokens)


def prices_by_kind(
    record: Record,
    mode: str,
    threshold: str = "",
    *,
    sometimes: Sequence[str] = ("cache_read", "cache_write"),
) -> Iterator[tuple[tuple[str, str], float]]:
    """(tier, token kind) -> US dollars per million tokens, of a record that holds nothing else.

    `threshold` is the tier of long prompts that the record is about; `sometimes` are the kinds that
    need not be there.
    """
    tier = f"{mode}_{threshold}".removeprefix("standard_") if threshold else mode
    for kind in ("input", "output"):
        yield (tier, kind), record.convert(kind, usd_per_mtok)
    for kind in sometimes:
        price = record.convert_maybe(kind, usd_per_mtok)
        if price is not None:
            yield (tier, kind), price
    record.done()


def price_row(
    key: tuple[str, str, str, str],
    price: float | None,
    day: date,
    *,
    basis: str = "snapshot",
    known_on: date | None = None,
    **more: object,
) -> Row:
    """One price as the table `prices` has it.

    `price` is None where it was taken out; `basis` says how its first day is known (snapshot,
    commit, documented, ...), `known_on` when it became known if not on that day.
    """
    provider, model, tier, kind = key
    return {
        "provider": provider,
        "model_name": model,
        "tier": tier,
        "token_kind": kind,
        "price_usd_per_mtok": price,
        "valid_from": day,
        "valid_to": None,
        "basis": basis,
        "known_on": known_on or day,
        **more,
    }


# Epoch prints one score for all efforts of a version, its best. The label is that of the group of
# runs and ends with some effort of it: GPT-5's score at high effort is labelled minimal.
_EFFORT = re.compile(r"_(minimal|low|medium|high|xhigh|max|none|unknown|\d+K)$")


def epoch_scores(raw: RawFiles, makers: Mapping[str, str | None]) -> Iterator[tuple[str, Row]]:
    """The printed source, empty if none, and the row of each score behind Epoch's index.

    Epoch's scores are already corrected for guessing.

    Args:
        makers: Model -> its organisation, as the index prints it.
    """
    for record in raw.csv("eci_benchmarks.csv"):
        benchmark, model = benchmark_id(record.take("benchmark")), record.take("model")
        known = benchmarks().get(benchmark)
        row = {
            "benchmark": benchmark,
            "part": "overall",
            "model_name": model,
            "setting": _EFFORT.sub("", str(record.take("model_version"))),
            "score_frac": record.number("performance"),
            "chance_corrected": True,
            "tasks_n": known.items_n if known else None,
            "organisation": makers.get(model),
            "observed_on": record.convert("date", _iso_or_american),
            "known_on": raw.known_on,
            "vintage": raw.known_on,
        }
        source = str(record.take("source")).strip()
        # `Model` groups several entries of `model`, so it must never be the name to join on.
        record.skip("Model", "model_group", "Model aggregation", "Model Aggregation Date")
        # Until the summer of 2026 the file had these two as well.
        record.skip("is_math", "is_coding")
        record.done("model_id", "benchmark_id", "benchmark_release_date", "optimized")
        yield source, row


def _iso_or_american(text: str) -> date:
    """The day written 2026-04-23 or 4/23/2026."""
    return american_day(text) if "/" in text else date.fromisoformat(text)
