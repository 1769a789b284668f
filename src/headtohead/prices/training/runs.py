"""What is known of a training run: its chips, hours and compute, from the evidence or the user."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.estimate import Interval
from headtohead.core.units import show
from headtohead.evidence.facts import Facts
from headtohead.prices.training.hardware_cost import ChipQuote, TrainingChip, kind_of
from headtohead.prices.training.settings import TrainingSettings
from headtohead.prices.training.utilisation import KnownRun, band, flop_of, hours_of

_USUAL_HOURS = 793.5  # median of the ten largest runs of their time, by the reference method
_SAME_HOURS = 0.05
_BEFORE_RELEASE = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """One training run, as far as it is known.

    Attributes:
        flop: Its compute; None if not known.
        chip: None if not known, or if there were several kinds.
        hours: Its chip-hours; None if neither they nor the compute are known.
        hours_from: Where they come from, in words.
        by_band: Whether they rest on `utilisation`, the band for its size.
        started_on: First day of training, known or reckoned back from the publication.
        stated_usd: The rental price an hour that its lab assumes, or that was given.
    """

    model: str
    organisation: str
    published_on: date
    started_on: date
    flop: float | None
    active_b: float | None
    chip: TrainingChip | None
    chips_n: int | None
    hours: Interval | None
    hours_from: str
    by_band: bool
    stated_usd: float | None
    source_ids: frozenset[str]
    verified: bool
    note: str = ""
    utilisation: Interval | None = None


class RunEvidence:
    """What was known on a day of runs, chips, quotes and prices in general.

    Raises:
        NoEvidence: If no training run was known by then.
    """

    def __init__(self, facts: Facts, day: date) -> None:
        self.facts, self.day = facts, day
        self.runs = facts.frame("training_runs", day)
        if self.runs.is_empty():
            raise NoEvidence(
                f"No training run was known on {day}; the table of them is of 20 June 2025. "
                "Choose a later `as_of`."
            )
        self.figures = facts.frame("figures", day)
        self.chips = {row["chip"]: _chip(row) for row in facts.frame("chips", day).to_dicts()}
        self.quotes = [_quote(row) for row in facts.frame("chip_prices", day).to_dicts()]
        scales = facts.frame("training_scale", day).to_dicts()
        self.scales = {row["model_name"]: row for row in scales}
        self.known = [
            KnownRun(
                name,
                row["active_b"],
                flop_of(row["active_b"], row["train_tokens"]),
                row["train_chip_hours"],
                peak,
            )
            for name, row in self.scales.items()
            if row["active_b"]
            for peak in [self.chips[row["chip"]].tflop_per_s]
            if peak
        ]

    def index(self, on: date) -> tuple[float, date] | None:
        """Price level of a month over the last one known, and that month; None if not known."""
        rows = self.figures.filter(pl.col("topic") == "price_index").sort("window_end")
        mine = rows.filter(pl.col("window_start") <= on)
        if mine.is_empty():
            return None
        return mine["value"][-1] / rows["value"][-1], rows["window_end"][-1]

    def run(self, name: str, settings: TrainingSettings) -> TrainingRun:
        """The run of a model, with what the user says of it instead of what is known.

        Raises:
            UnknownName: If no run of such a model is known.
        """
        row = self._row(name) if name else _own_row(self.day)
        scale = self.scales.get(row["model_name"], {})
        chip = self._chip_named(settings.chip) if settings.chip else self.chips.get(row["hardware"])
        hours, hours_from = self._hours(row, scale, settings)
        flop = row["train_flop"]
        if scale.get("active_b"):
            flop = flop_of(scale["active_b"], scale["train_tokens"])
        if settings.active_b and settings.tokens:
            flop = flop_of(settings.active_b, settings.tokens)
            hours = None if settings.chip_hours is None else hours
        took = row["train_hours"] or _USUAL_HOURS
        reckoned = row["published_on"] - _BEFORE_RELEASE - timedelta(hours=int(took))
        run = TrainingRun(
            model=row["model_name"],
            organisation=row["organisation"],
            published_on=row["published_on"],
            started_on=scale.get("started_on") or reckoned,
            flop=flop,
            active_b=settings.active_b or scale.get("active_b"),
            chip=chip,
            chips_n=row["chips_n"],
            hours=hours,
            hours_from=hours_from,
            by_band=False,
            stated_usd=settings.usd_per_chip_hour or self._stated(row["model_name"]),
            source_ids=frozenset({row["source_id"], scale.get("source_id")} - {None}),
            verified=bool(row["verified"]) or hours_from.startswith("as"),
            note="; ".join((*_replaced(row, settings, chip), *_disputed(hours, hours_from, scale))),
        )
        return run if hours else self.from_compute(run)

    def from_compute(self, run: TrainingRun) -> TrainingRun:
        """The run with its hours from its compute, whatever else is known of them."""
        if not (run.flop and run.chip and run.chip.tflop_per_s):
            return replace(run, hours=None)
        usual = band(self.known, run.active_b)
        hours = hours_of(run.flop, run.chip.tflop_per_s, usual)
        return replace(
            run, hours=hours, hours_from="from its compute", by_band=True, utilisation=usual
        )

    def _row(self, name: str) -> dict[str, Any]:
        rows = self.runs.to_dicts()
        model = self.facts.names.resolve(name, on=self.day).model
        same = [r for r in rows if _key(r["model_name"]) == _key(name)]
        found = same or [r for r in rows if model and r["model_id"] == model]
        if not found:
            raise UnknownName("model with a known training run", name, self.runs["model_name"])
        return max(found, key=lambda r: (r["train_flop"] is not None, r["known_on"]))

    def _chip_named(self, name: str) -> TrainingChip:
        """A chip by its printed name or its kind, of which the best known board counts."""
        kinds = [c for n, c in self.chips.items() if _key(name) in (_key(n), _key(kind_of(n)))]
        # Without its maker: "TPU v4".
        kinds = kinds or [
            c for n, c in self.chips.items() if len(name) > 3 and _key(n).endswith(_key(name))
        ]
        if not kinds:
            known = {*self.chips, *map(kind_of, self.chips)}
            raise UnknownName("chip", name, known)
        return max(kinds, key=lambda c: (c.tflop_per_s or 0, c.power_w or 0, c.name))

    def _hours(
        self, row: Mapping[str, Any], scale: Mapping[str, Any], settings: TrainingSettings
    ) -> tuple[Interval | None, str]:
        """TrainingChip-hours that somebody states, and who."""
        if settings.chip_hours is not None:
            return _exactly(settings.chip_hours), "as given"
        stages = self._stages(row["model_name"])
        if not stages.is_empty():
            total = stages.filter(pl.col("measure") == "total").row(0, named=True)
            return Interval(
                total["value"], total["low_value"], total["high_value"]
            ), "as its report states"
        if row["train_chip_hours"] and row["verified"]:
            return _exactly(row["train_chip_hours"]), "as published"
        if row["chips_n"] and row["train_hours"]:
            return _exactly(row["chips_n"] * row["train_hours"]), "chips times hours"
        if scale.get("train_chip_hours"):
            return _exactly(scale["train_chip_hours"]), "as published"
        return None, ""

    def _stages(self, model: str) -> pl.DataFrame:
        return self.figures.filter(
            (pl.col("topic") == "training_chip_hours") & (pl.col("subject") == model)
        )

    def _stated(self, model: str) -> float | None:
        """The rental price an hour in the report that states the hours."""
        price = self.figures.filter(
            (pl.col("topic") == "chip_hour_price")
            & pl.col("source_id").is_in(self._stages(model)["source_id"].implode())
        )
        return None if price.is_empty() else float(price["value"][0])


def _disputed(hours: Interval | None, hours_from: str, scale: Mapping[str, Any]) -> list[str]:
    """That the lab states other chip-hours than those that count."""
    stated = scale.get("train_chip_hours")
    if not (hours and stated) or hours_from != "chips times hours":
        return []
    if abs(stated / hours.value - 1) < _SAME_HOURS:
        return []
    return [
        f"its lab states {show(stated, 'hours')} of chips; counted are the "
        f"{show(hours.value, 'hours')} that Epoch AI has, whose methods these are"
    ]


def _replaced(
    row: Mapping[str, Any], settings: TrainingSettings, chip: TrainingChip | None
) -> list[str]:
    """What of a known run is otherwise than in the evidence, and what it was trained on from."""
    said = [f"it was trained on from {row['base_model']}"] if row["base_model"] else []
    if row["source_id"]:
        said += [f"its chips are taken to be the {chip.name}"] if settings.chip and chip else []
        said += ["its chip-hours are as given"] if settings.chip_hours else []
        said += ["its size and tokens are as given"] if settings.active_b else []
    return said


def _own_row(day: date) -> dict[str, Any]:
    names = ("train_flop", "train_chip_hours", "train_hours", "chips_n", "hardware", "base_model")
    own = {"model_name": "your model", "organisation": "", "published_on": day, "verified": True}
    own["source_id"] = None
    return {**dict.fromkeys(names), **own}


def _exactly(value: float) -> Interval:
    return Interval(value, value, value)


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _chip(row: Mapping[str, Any]) -> TrainingChip:
    return TrainingChip(row["chip"], row["fp16_tflop_per_s"], row["power_w"], row["released_on"])


def _quote(row: Mapping[str, Any]) -> ChipQuote:
    usd = row["price_usd"] if row["contract"] == "purchase" else row["price_usd_per_chip_hour"]
    return ChipQuote(
        chip=row["chip"],
        vendor=row["vendor"] or "",
        contract=row["contract"],
        usd=usd,
        on=row["priced_on"],
        verified=row["verified"],
        single=bool(row["single_unit"]),
    )


def needed(settings: TrainingSettings) -> None:
    """Refuse a model of the user's own that nothing can be computed of.

    Raises:
        InputError: If it lacks a size, hours or a chip.
    """
    if settings.chip_hours is None and not (
        settings.active_b and settings.tokens and settings.chip
    ):
        raise InputError(
            "Name a model, or describe one of your own: `active_b`, `tokens` and `chip`, or "
            "`chip_hours` with `usd_per_chip_hour`."
        )
