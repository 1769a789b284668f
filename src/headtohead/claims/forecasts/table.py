"""Forecasts in a plain table: question, probability, outcome and day, a row a probability."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from headtohead.claims.claim import Stake
from headtohead.claims.forecasts.result import Proposition
from headtohead.claims.verdict import Outcome
from headtohead.core.dates import parse_day
from headtohead.core.errors import HeadToHeadError, InputError, UnknownName
from headtohead.core.units import shortened
from headtohead.files.opening import arrived, wrong
from headtohead.files.records import at_path, number_of, objects, score_in, text_of

_NEEDED = ("question", "probability", "outcome", "day")
_FIELDS = (*_NEEDED, "forecaster", "resolved_on")
_OUTCOMES: Mapping[float | None, Outcome] = {None: "not due", 0.0: "no", 1.0: "yes"}


def propositions_in(source: Path, mapping: Mapping[str, str]) -> tuple[Proposition, ...]:
    """The forecasts in a table, one proposition a question, in the order of their first rows.

    Args:
        source: CSV, TSV, Parquet, JSON or JSON lines, with question, probability (0 to 1), outcome
            (yes, no, true, false, 1, 0; empty if it has not resolved), day (on which the
            probability was given) and, if there are several, forecaster; resolved_on (the day on
            which the outcome was known) where that is known.
        mapping: Field -> column, where a column is called otherwise.

    Raises:
        InputError: If the file cannot be read, a column is missing, or a row is wrong.
    """
    for name in mapping:
        if name not in _FIELDS:
            raise UnknownName("field", name, _FIELDS)
    path = arrived(source)
    columns = {name: mapping.get(name, name) for name in _FIELDS}
    stakes: dict[str, list[Stake]] = {}
    came: dict[str, tuple[float | None, date | None]] = {}
    spelt: dict[str, str] = {}
    for where, record in objects(path):
        if not stakes:
            _check_columns(path, record, columns, (*_NEEDED, *mapping))
        row = {name: at_path(record, column) for name, column in columns.items()}
        question = text_of(row["question"]).strip()
        if not question:
            raise wrong(path, where, "question is empty. Fill it in.")
        name = text_of(row["forecaster"]).strip() or path.stem
        if (known := spelt.setdefault(name.casefold(), name)) != name:
            raise wrong(path, where, f"forecaster is {name!r}, and earlier {known!r}. Write one.")
        given_on = _day(path, where, row["day"])
        found = _came(path, where, row, name, given_on)
        if (earlier := came.setdefault(question, found)) != found:
            what = "outcome" if earlier[0] != found[0] else "day of resolution"
            again = f"{shortened(repr(question))} has another {what} in an earlier row. Mend one."
            raise wrong(path, where, again)
        given = stakes.setdefault(question, [])
        if any((s.forecaster, s.given_on) == (name, given_on) for s in given):
            raise wrong(path, where, f"{name} has another row of that question and day. Keep one.")
        probability = _probability(path, where, row["probability"])
        given.append(Stake(forecaster=name, probability=probability, given_on=given_on))
    if not stakes:
        raise InputError(f"{path.name} has no rows.")
    return tuple(
        Proposition(
            id=str(n),
            says=question,
            rule="as the table says",
            outcome=_OUTCOMES[came[question][0]],
            finding="the table has no outcome yet" if came[question][0] is None else "",
            made_on=min(s.given_on for s in given),
            resolves_on=came[question][1],
            stakes=tuple(given),
        )
        for n, (question, given) in enumerate(stakes.items(), 1)
    )


def _check_columns(
    path: Path, record: Mapping[str, object], columns: Mapping[str, str], needed: Iterable[str]
) -> None:
    for name in needed:
        if columns[name] not in record and at_path(record, columns[name]) is None:
            raise InputError(
                f"{path.name} has no column {columns[name]!r}; it has "
                f"{shortened(', '.join(map(str, record)), 200)}. Say where it is: "
                f"`mapping={{'{name}': 'COLUMN'}}`."
            )


def _came(
    path: Path, where: str, row: Mapping[str, object], name: str, given_on: date
) -> tuple[float | None, date | None]:
    """The outcome, and the day on which it was known, which is later than the probability."""
    outcome = score_in(path, where, "outcome", row["outcome"])
    if outcome not in (None, 0.0, 1.0):
        raise wrong(path, where, f"outcome is {outcome:g}. Write yes or no.")
    if row["resolved_on"] in (None, ""):
        return outcome, None
    ended = _day(path, where, row["resolved_on"], "resolved_on")
    if given_on >= ended:
        late = f"{name}'s probability is of {given_on}, and the question resolved on {ended}"
        raise wrong(path, where, f"{late}. What is known is no forecast: leave it out.")
    return outcome, ended


def _probability(path: Path, where: str, value: object) -> float:
    try:
        number = number_of(value)
    except ValueError as error:
        raise wrong(path, where, f"probability: {error}.") from error
    if number is None or not 0 <= number <= 1:
        raise wrong(path, where, f"probability is {value!r}. Use a number from 0 to 1.")
    return number


def _day(path: Path, where: str, value: object, field: str = "day") -> date:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return parse_day(text_of(value)[:10])
    except HeadToHeadError as error:
        raise wrong(path, where, f"{field}: {error}") from error
