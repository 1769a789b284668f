"""Covariates of votes as expressions that an engine computes; the rules of `ratings.style`."""

from collections.abc import Sequence
from typing import Any

from headtohead.core.errors import InputError
from headtohead.ratings.engines.distinct import at
from headtohead.ratings.engines.opening import EngineSource
from headtohead.ratings.reading.layout import AsItStands, Style, style_paths
from headtohead.ratings.reading.tables import Columns, Path
from headtohead.ratings.reading.votes import LEAVE_OUT


def measures(table: Any, styles: Sequence[Style], columns: Columns) -> list[Any]:  # noqa: ANN401
    """An expression for each covariate, first minus second."""
    import ibis  # type: ignore[import-untyped]

    made = []
    for style in styles:
        if isinstance(style, AsItStands):
            made.append(_sum(table, (style.path,), columns)[0])
            continue
        a, _ = _sum(table, style.a, columns, characters=style.characters)
        b, _ = _sum(table, style.b, columns, characters=style.characters)
        made.append(ibis.ifelse(a + b > 0, (a - b) / (a + b), 0.0))
    return made


def readable(table: Any, styles: Sequence[Style], columns: Columns) -> Any:  # noqa: ANN401 - Ibis
    """An expression that is true where all covariates can be read."""
    parts = [_is_fine(table, style, columns) for style in styles]
    made = parts[0]
    for part in parts[1:]:
        made = made & part
    return made


def first_unreadable(source: EngineSource, styles: Sequence[Style], columns: Columns) -> InputError:
    """What to say of the first covariate that cannot be read somewhere."""
    for style in styles:
        wrong = source.table.filter(~_is_fine(source.table, style, columns))
        n = source.fetch(wrong.agg(n=wrong.count()))["n"][0].as_py()
        if n == 0:
            continue
        paths = [path for path in style_paths((style,)) if columns.kind(path) is not None]
        shown = [at(wrong, path).name(f"c{i}") for i, path in enumerate(paths)]
        row = source.fetch(wrong.select(*shown).limit(1)).to_pylist()[0].values()
        said = ", ".join(repr(value) for value in row)
        where = ", ".join(".".join(path) for path in paths)
        return InputError(
            f"{source.name}, {n:,} row{'s' if n > 1 else ''}, column {where}: {said} is no measure "
            f"of style. Correct it, {LEAVE_OUT}."
        )
    return InputError(f"{source.name}: a covariate cannot be read.")


def _is_fine(table: Any, style: Style, columns: Columns) -> Any:  # noqa: ANN401 - Ibis
    if isinstance(style, AsItStands):
        return _sum(table, (style.path,), columns, signed=True)[1]
    a = _sum(table, style.a, columns, characters=style.characters)[1]
    return a & _sum(table, style.b, columns, characters=style.characters)[1]


def _sum(
    table: Any,  # noqa: ANN401 - Ibis
    paths: Sequence[Path],
    columns: Columns,
    *,
    signed: bool = False,
    characters: bool = False,
) -> tuple[Any, Any]:
    """The sum of what there is in some columns, and where it is a measure."""
    import ibis

    total, some, fine = ibis.literal(0.0), ibis.literal(False), ibis.literal(True)
    for path in paths:
        kind = columns.kind(path)
        if kind is None:
            continue
        raw = at(table, path)
        value, number = _number(raw, kind, characters=characters)
        bad = value.isinf() if signed else value.isinf() | (value < 0)
        fine = fine & number & ~bad.fill_null(False)
        total = total + value.fill_null(0.0)
        some = some | value.notnull()
    return total, fine & some


def _number(raw: Any, kind: str, *, characters: bool) -> tuple[Any, Any]:  # noqa: ANN401 - Ibis
    """A column as numbers, null where nothing stands; and where something is no number."""
    import ibis

    yes = ibis.literal(True)
    if characters:
        return raw.length().cast("float64"), yes
    if kind == "flag":
        return raw.cast("int8").cast("float64"), yes
    if kind == "text":
        text = raw.strip().nullif("")
        value = text.try_cast("float64")
        return value.nullif(float("nan")), text.isnull() | value.notnull()
    value = raw.cast("float64")
    return ibis.ifelse(value.isnan(), None, value), yes
