"""Who is behind each row: canonical model, lab, country, open weights, endpoint operator.

Every join keeps the rule that made it (`join_rule`); a name that is not matched keeps empty
columns, so that it can never fall on a side by accident.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from headtohead.names.names import Names, Resolution

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("model_id", "mode", "served_as", "lab", "country", "open", "family", "brand", "join_rule")
COLUMNS = (*TEXTS, "model_released_on")

_Entity = tuple[object, ...]
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
    import polars as pl

    seller = pl.col("provider") if table == "prices" else pl.lit(None, pl.String)
    maker = pl.col("organisation") if "organisation" in frame.columns else pl.lit(None, pl.String)
    who = [pl.col("model_name"), seller.alias("seller"), maker.alias("maker")]
    # Few names move from model to model; all rows of another name are one look-up.
    sold = frame.select(who[:2]).unique().iter_rows()
    moving = {name for name, provider in sold if names.moves(name, provider)}
    own = pl.col(_MODEL_TABLES[table]) if used_on is None else pl.lit(used_on)
    day = pl.when(pl.col("model_name").is_in(moving)).then(own).alias("day")

    def entity(name: str, provider: str | None, maker: str | None, on: date | None) -> _Entity:
        return _entity(names, names.resolve(name, on=on, provider=provider), maker or "")

    return _joined(frame, [*who, day], entity)


def _usage(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    def entity(channel: str, subject: str, breakdown: str, day: date) -> _Entity:
        if breakdown == "model":
            return _entity(names, names.resolve(subject, on=day, provider=channel), "")
        if breakdown == "lab":
            return _lab_entity(names, subject)
        return _some(open=subject if subject in ("open", "closed") else None)

    return _joined(frame, ["channel", "subject", "breakdown", "window_start"], entity)


def _figures(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    def entity(subject: str, day: date) -> _Entity:
        if len(subject) == 2 and subject.isupper():
            return _some(country=subject, join_rule="subject is a country")
        return _entity(names, names.resolve(subject, on=day), "")

    return _joined(frame, ["subject", "window_end"], entity)


def _owners(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    def entity(owner: str) -> _Entity:
        if owner == "China":
            return _some(country="CN", join_rule="owner is a country")
        return _lab_entity(names, owner)

    return _joined(frame, ["owner"], entity)


def _with_operator(frame: "pl.DataFrame", names: Names) -> "pl.DataFrame":
    import polars as pl

    found = {w: names.operator(w) for w in frame["provider"].unique()}
    columns = {
        "operator": {w: o.operator if o else None for w, o in found.items()},
        "operator_country": {w: o.country if o else None for w, o in found.items()},
    }
    return frame.with_columns(
        pl.col("provider").replace_strict(known, default=None).alias(name)
        for name, known in columns.items()
    )


def _joined(
    frame: "pl.DataFrame", columns: Sequence["str | pl.Expr"], entity: Callable[..., _Entity]
) -> "pl.DataFrame":
    """The frame with the entity of each distinct combination of `columns`, looked up once."""
    import polars as pl

    keys = frame.select(columns)
    distinct = keys.unique(maintain_order=True)
    made = [entity(*row) for row in distinct.iter_rows()]
    schema = {**dict.fromkeys(TEXTS, pl.String()), "model_released_on": pl.Date()}
    right = pl.concat([distinct, pl.DataFrame(made, schema, orient="row")], how="horizontal")
    joined = keys.join(
        right, on=distinct.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return pl.concat([frame, joined.select(COLUMNS)], how="horizontal")


def _entity(names: Names, found: Resolution, organisation: str) -> _Entity:
    model = names.model(found.model) if found.model else None
    lab_id = found.lab or (lab.lab if (lab := names.lab_of(organisation)) else None)
    return (
        found.model,
        found.mode or None,
        found.channel or None,
        lab_id,
        names.lab(lab_id).country if lab_id else None,
        {True: "open", False: "closed", None: None}[model.open_weights] if model else None,
        model.family if model else None,
        model.family.partition("-")[0] if model else None,
        found.rule,
        model.released_on if model else None,
    )


def _lab_entity(names: Names, text: str) -> _Entity:
    lab = names.lab_of(text)
    return _some(lab=lab.lab, country=lab.country, join_rule="lab spelling") if lab else _some()


def _some(**columns: object) -> _Entity:
    """The entity columns in order; those not given are empty."""
    return tuple(columns.get(name) for name in COLUMNS)
