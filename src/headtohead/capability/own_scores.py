"""A user's own benchmark scores: one table of model, benchmark and score, read strictly."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from headtohead.core.errors import InputError
from headtohead.core.estimate import OWN_SCORES, Citation
from headtohead.core.units import shortened
from headtohead.evidence.facts import with_entities
from headtohead.evidence.tables import benchmarks, polars_schema, table
from headtohead.evidence.traps import repeats, scales
from headtohead.files.opening import digest
from headtohead.files.tables import open_tables
from headtohead.names.names import Names

_NEEDED = ("model", "benchmark", "score")
_MAY = ("setting", "items", "evaluator", "corrected", "released_on", "lab", "country", "open")
_EVALUATORS = ("first_party", "third_party", "unstated")


def own_scores(path: Path, names: Names, known_on: date) -> tuple[pl.DataFrame, Citation]:
    """The scores in a CSV or Parquet file, and what cites them.

    Args:
        path: Columns model, benchmark, score (a share of solved items, 0 to 1); and, if known,
            setting, items, evaluator (first_party, third_party, unstated), corrected (true if 0
            means guessing), released_on (YYYY-MM-DD), lab, country, open (open or closed).
        names: The name lists; a model that they know joins its other scores.
        known_on: The day on which the scores became known.

    Returns:
        Rows of `benchmark_scores` with the entity columns; their source is "scores".

    Raises:
        InputError: If the file cannot be read, a column is missing or unknown, or a row is wrong.
    """
    given = _read(path)
    _check_columns(given, path)
    rows = _typed(given, path)
    schema = polars_schema(table("benchmark_scores"))
    filled = rows.with_columns(
        part=pl.lit("overall"),
        observed_on=pl.col("released_on"),
        known_on=pl.lit(known_on),
        verified=pl.lit(True),
        source_id=pl.lit(OWN_SCORES),
    )
    lacking = [pl.lit(None, dtype=t).alias(c) for c, t in schema.items() if c not in filled.columns]
    rows_known = with_entities(
        "benchmark_scores", filled.with_columns(lacking).select(list(schema)), names
    )
    rows_known = rows_known.with_columns(
        model_released_on=pl.coalesce(rows["released_on"], "model_released_on"),
        **{c: pl.coalesce(rows[c], c) for c in ("lab", "country", "open")},
    )
    citation = Citation(
        source_id=OWN_SCORES,
        publisher="Your scores",
        product=path.name,
        citation=f"Scores given to headtohead: {path.name}.",
        url="",
        licence="as their owner says",
        evaluator="own",
        known_on=known_on,
        sha256=digest(path),
    )
    return rows_known, citation


def _read(path: Path) -> pl.DataFrame:
    tables = open_tables(path)
    if len(tables) > 1:
        raise InputError(f"{path} holds {len(tables)} files. Give the file with the scores.")
    columns = tables[0].columns
    usual = {(columns.alike(name) or ("",))[0]: name for name in (*_NEEDED, *_MAY)}
    # What numbers the rows says nothing of them.
    wanted = [(name,) for name in columns.names if name not in ("", "id")]
    batches = list(tables[0].batches(wanted, 1 << 16))
    frame = pl.DataFrame(pa.Table.from_batches(batches)) if batches else pl.DataFrame()
    texts = pl.col(pl.Categorical, pl.String).cast(pl.String).str.strip_chars()
    return frame.with_columns(texts).rename(usual, strict=False)


def _check_columns(given: pl.DataFrame, path: Path) -> None:
    known = (*_NEEDED, *_MAY)
    lacking = [c for c in _NEEDED if c not in given.columns]
    odd = [c for c in given.columns if c not in known]
    if lacking:
        raise InputError(
            f"{path.name} has no column {', '.join(lacking)}. It needs {', '.join(_NEEDED)}, and "
            f"may have {', '.join(_MAY)}."
        )
    if odd:
        raise InputError(
            f"{path.name} has columns that mean nothing here: {', '.join(odd)}. Drop them, or "
            f"rename them to one of {', '.join(known)}."
        )
    if given.is_empty():
        raise InputError(f"{path.name} has no rows.")


def _typed(given: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The columns of the table, each of its type; wrong rows are named."""
    kinds = {
        "score": pl.Float64(),
        "items": pl.Int64(),
        "corrected": pl.Boolean(),
        "released_on": pl.Date(),
    }
    none = [pl.lit(None).alias(name) for name in _MAY if name not in given.columns]
    whole = given.with_columns(none)
    rows = pl.DataFrame(
        [_cast(whole[name], kinds.get(name, pl.String()), path) for name in (*_NEEDED, *_MAY)]
    ).with_columns(pl.col("score").fill_nan(None))
    for name in _NEEDED:
        if rows[name].null_count():
            row = _row(rows[name].is_null())
            raise InputError(f"{path.name} row {row}: {name} is empty. Fill it in.")
    labels = [f"row {n}" for n in range(2, rows.height + 2)]
    if findings := scales(rows["score"].to_numpy(), names=labels, where=f"{path.name}, score"):
        raise InputError(f"{findings[0]} ({', '.join(findings[0].affects[:3])})")
    key = ("model", "benchmark", "setting")
    if twice := repeats(rows, key=key, tolerance=0.0):
        raise InputError(f"{path.name}, {twice[0]}")
    if (again := rows.select(key).is_duplicated()).any():
        raise InputError(
            f"{path.name} row {_row(again)}: the same model, benchmark and setting stand there "
            "again. Leave out one of the rows."
        )
    evaluator = rows["evaluator"].fill_null("third_party")
    for odd, said in (
        (~evaluator.is_in(_EVALUATORS), f"evaluator must be one of {', '.join(_EVALUATORS)}"),
        (~rows["open"].is_in(["open", "closed"]), "open must be open or closed"),
        (~rows["country"].str.contains("^[A-Z]{2}$"), "country must be two letters, as US or CN"),
        (rows["items"] < 1, "items must be a count of at least 1"),
    ):
        if odd.any():
            raise InputError(f"{path.name} row {_row(odd)}: {said}.")
    return rows.select(
        pl.col("benchmark").map_elements(
            # The id of a benchmark that is known by this id or title; else as printed.
            lambda printed: _known_benchmarks().get(_plain(printed), printed),
            return_dtype=pl.String(),
        ),
        pl.col("model").alias("model_name"),
        pl.col("setting"),
        pl.col("score").alias("score_frac"),
        pl.col("corrected").fill_null(False).alias("chance_corrected"),
        pl.col("items").alias("tasks_n"),
        evaluator.alias("evaluator"),
        pl.col("lab").alias("organisation"),
        *("released_on", "lab", "country", "open"),
    )


@cache
def _known_benchmarks() -> dict[str, str]:
    known = benchmarks().values()
    return {_plain(name): b.benchmark for b in known for name in (b.title, b.benchmark)}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _cast(column: pl.Series, kind: pl.DataType, path: Path) -> pl.Series:
    if column.dtype == kind or column.dtype == pl.Null():
        return column.cast(kind)
    if column.dtype.is_nested() or column.dtype == pl.Binary():
        texts = [None if value is None else str(value) for value in column.to_list()]
        column = pl.Series(column.name, texts, pl.String())
    if kind == pl.Date() and column.dtype == pl.String():
        typed = column.str.to_date("%Y-%m-%d", strict=False)
    elif kind == pl.Boolean() and column.dtype == pl.String():
        typed = column.str.to_lowercase().replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean()
        )
    else:
        typed = column.cast(kind, strict=False)
    wrong = typed.is_null() & column.is_not_null()
    if wrong.any():
        value = shortened(repr(column.filter(wrong)[0]))
        raise InputError(
            f"{path.name} row {_row(wrong)}: {column.name} is {value}, which is no {kind}."
        )
    return typed


def _row(marks: pl.Series) -> int:
    """The first marked row as a spreadsheet counts it: the header is row 1."""
    first = marks.arg_true()[0]
    return int(first) + 2
