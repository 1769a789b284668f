"""Who is behind each row: canonical model, lab, country, open weights, endpoint operator.

Every join keeps the rule that made it (`join_rule`); a name that is not matched keeps empty
columns, so that it can never fall on a side by accident.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from headtohead.names.names import Names, Resolution

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("model_id", "mode", "served_as", "lab", "country", "open", "family", "brand", "join_rule")
COLUMNS = (*TEXTS, "model_released_on")

_Entity = dict[str, object]

# The column that names the model, and the one that says when (moving aliases depend on it).
_MODEL_TABLES = {
    "arena_ratings": "observed_on",
    "index_scores": "released_on",
    "benchmark_scores": "known_on",
    "task_results": "observed_on",
    "prices": "valid_from",
    "training_runs": "published_on",
    "openness": "valid_from",
    "models": "known_on",
    "architectures": "released_on",
    "equity": "known_on",
    "trades": "known_on",
}


def with_entities(
    table: str, frame: "pl.DataFrame", names: Names, *, used_on: date | None = None
) -> "pl.DataFrame":
    """The frame with the entity columns of `COLUMNS`, where its table names models or owners.

    Args:
        table: Which table it is.
        frame: Its rows.
        names: The name lists.
        used_on: The day on which model names are read; each row's own if None.
    """
    if table in _MODEL_TABLES:
        made = _by_model(table, frame, names, used_on)
        return _with_operator(made, names) if table == "prices" else made
    if table == "figures":
        return _figures(frame, names)
    if table == "token_usage":
        return _usage(frame, names)
    if table == "compute_stock":
        return _owners(frame, names)
    return frame


def _by_model(
    table: str, frame: "pl.DataFrame", names: Names, used_on: date | None
) -> "pl.DataFrame":
    provider = "provider" if table == "prices" else None
    organisation = "organisation" if "organisation" in frame.columns else None
    own_day = None if used_on else _MODEL_TABLES[table]
    # Few names move from model to model, so most rows of one name are one look-up.
    settled: dict[tuple[str, str | None, str], _Entity] = {}

    def entity(row: Mapping[str, object]) -> _Entity:
        name, seller = str(row["model_name"]), str(row[provider]) if provider else None
        maker = str(row[organisation] or "") if organisation else ""
        if (name, seller, maker) not in settled:
            on = _day(row[own_day]) if own_day else used_on
            made = _entity(names, names.resolve(name, on=on, provider=seller), maker)
            if names.moves(name, seller):
                return made
            settled[name, seller, maker] = made
        return settled[name, seller, maker]

    columns = [c for c in ("model_name", own_day, provider, organisation) if c]
    return _joined(frame, columns, entity)


def _usage(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    def entity(row: Mapping[str, object]) -> _Entity:
        subject = str(row["subject"])
        if row["breakdown"] == "model":
            return _entity(
                names,
                names.resolve(subject, on=_day(row["window_start"]), provider=str(row["channel"])),
                "",
            )
        if row["breakdown"] == "lab":
            return _lab_entity(names, subject)
        return {
            **dict.fromkeys(COLUMNS),
            "open": subject if subject in ("open", "closed") else None,
        }

    return _joined(frame, ["channel", "subject", "breakdown", "window_start"], entity)


def _figures(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    def entity(row: Mapping[str, object]) -> _Entity:
        subject = str(row["subject"])
        if len(subject) == 2 and subject.isupper():
            return {
                **dict.fromkeys(COLUMNS),
                "country": subject,
                "join_rule": "subject is a country",
            }
        return _entity(names, names.resolve(subject, on=_day(row["window_end"])), "")

    return _joined(frame, ["subject", "window_end"], entity)


def _owners(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    def entity(row: Mapping[str, object]) -> _Entity:
        if row["owner"] == "China":
            return {**dict.fromkeys(COLUMNS), "country": "CN", "join_rule": "owner is a country"}
        return _lab_entity(names, str(row["owner"]))

    return _joined(frame, ["owner"], entity)


def _with_operator(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    import polars as pl

    words = frame["provider"].unique().to_list()
    found = {w: names.operator(w) for w in words}
    return frame.with_columns(
        pl.col("provider")
        .replace_strict({w: o.operator if o else None for w, o in found.items()}, default=None)
        .alias("operator"),
        pl.col("provider")
        .replace_strict({w: o.country if o else None for w, o in found.items()}, default=None)
        .alias("operator_country"),
    )


def _joined(
    frame: "pl.DataFrame",
    columns: list[str],
    entity: Callable[[Mapping[str, object]], Mapping[str, object]],
) -> "pl.DataFrame":
    """The frame joined with the entity of each distinct value of `columns`."""
    import polars as pl

    distinct = frame.select(columns).unique(maintain_order=True)
    made = [entity(row) for row in distinct.iter_rows(named=True)]
    schema = {**dict.fromkeys(TEXTS, pl.String()), "model_released_on": pl.Date()}
    right = pl.concat([distinct, pl.DataFrame(made, schema=schema)], how="horizontal")
    return frame.join(right, on=columns, how="left", nulls_equal=True, maintain_order="left")


def _entity(names: Names, found: Resolution, organisation: str) -> _Entity:
    model = names.model(found.model) if found.model else None
    lab_id = found.lab or (lab.lab if (lab := names.lab_of(organisation)) else None)
    return {
        "model_id": found.model,
        "mode": found.mode or None,
        "served_as": found.channel or None,
        "lab": lab_id,
        "country": names.lab(lab_id).country if lab_id else None,
        "open": {True: "open", False: "closed", None: None}[model.open_weights] if model else None,
        "family": model.family if model else None,
        "brand": model.family.partition("-")[0] if model else None,
        "join_rule": found.rule,
        "model_released_on": model.released_on if model else None,
    }


def _lab_entity(names: Names, text: str) -> _Entity:
    lab = names.lab_of(text)
    made: _Entity = dict.fromkeys(COLUMNS)
    if lab:
        made |= {"lab": lab.lab, "country": lab.country, "join_rule": "lab spelling"}
    return made


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None
