"""How `h2h questions` shows what a claim can ask."""

from collections.abc import Mapping

from headtohead.claims.questions.result import KnownValue, QuestionsResult
from headtohead.core.question import Question, ScopeWord
from headtohead.core.units import first_few, unit
from headtohead.publish.sheet import DataTable, Figure, Sheet, TableColumn, Topic
from headtohead.publish.words import listed

_TITLES = {
    "board": "Boards",
    "category": "Categories of a board",
    "benchmark": "Benchmarks",
    "part": "Parts of a benchmark",
    "topic": "Topics of cited figures",
    "measure": "Measures of a topic",
    "channel": "Channels of token counts",
    "owner": "Owners of AI chips",
}
_WHAT = {
    "country": "Where the lab is seated",
    "open": "Whether the weights can be downloaded",
    "lab": "Who made the model",
    "brand": "The family without its generation",
    "family": "The family of models",
    "model_id": "The model, as `h2h names` explains it",
}
_SHOWN, _SHOWN_OF_ALL = 24, 12


def questions_sheet(result: QuestionsResult) -> Sheet:
    """Every question, then the values that words of many questions may have."""
    columns = (
        TableColumn("question", "Question"),
        TableColumn("asks", "What it asks, and the words that narrow it", long=True),
    )
    rows = tuple(
        (name, f"{q.asks} By {', '.join(q.scope)}") for name, q in result.questions.items()
    )
    data = DataTable(
        (*(TableColumn(c, c) for c in ("question", "asks", "words", "unit", "reads")),),
        tuple(
            (name, q.asks, ", ".join(q.scope), _units(q), ", ".join(q.tables))
            for name, q in result.questions.items()
        ),
    )
    figures = (
        Figure("questions", "Questions", columns=columns, rows=rows, data=data, shown=len(rows)),
        *(
            _values(column, _TITLES[column], v, _SHOWN_OF_ALL)
            for column, v in result.values.items()
        ),
        _filters(result.filters),
    )
    return Sheet(
        verb="questions",
        title="What a claim can ask",
        sentence=f"{len(rows)} questions can be asked of the evidence; h2h questions NAME shows "
        f"one with all its words and values, and a claim to copy. {_as_written(result)}",
        topics=(Topic(figures=figures),),
        as_of=result.as_of,
        sources=result.citations,
        main="questions",
    )


def one_sheet(result: QuestionsResult) -> Sheet:
    """One question with its words, their values and an example."""
    ((name, question),) = result.questions.items()
    columns = (
        TableColumn("word", "Word"),
        TableColumn("takes", "Takes"),
        TableColumn("default", "If left out"),
        TableColumn("says", "What it means", long=True),
    )
    rows = tuple((w, _takes(word), _default(word), word.doc) for w, word in question.scope.items())
    alike: dict[tuple[KnownValue, ...], list[str]] = {}
    for word, values in result.values.items():
        alike.setdefault(values, []).append(word)
    named = [f"{u} ({unit(u).label})" if unit(u).label else u for u in question.units]
    in_words = _units(question) if question.unit_column else " or ".join(named)
    figures = [
        Figure("words", "Words that narrow it", columns=columns, rows=rows, shown=len(rows)),
        *(
            _values(words[0], f"Values of {listed(words)}", values, _SHOWN)
            for values, words in alike.items()
        ),
    ]
    if result.filters:
        figures.append(_filters(result.filters))
    figures.append(
        Figure("example", "A claim that asks it, to copy into a file", code=result.example)
    )
    return Sheet(
        verb="questions",
        title=name,
        sentence=f"{question.asks} {_as_written(result)}",
        facts=(("Unit", in_words), ("Reads", listed(t.replace("_", " ") for t in question.tables))),
        topics=(Topic(figures=tuple(figures)),),
        as_of=result.as_of,
        sources=result.citations,
        main="words",
    )


def _as_written(result: QuestionsResult) -> str:
    by = f" known by {result.as_of}" if result.as_of else ""
    return f"Words, and values{by}, are shown as a claims file writes them."


def _values(slug: str, title: str, values: tuple[KnownValue, ...], shown: int) -> Figure:
    """The values of one word with their days; columns that all values leave empty are left out."""
    columns = (
        TableColumn("of", "Of"),
        TableColumn("value", "Value"),
        TableColumn("unit", "Unit"),
        TableColumn("first_on", "Data from"),
        TableColumn("last_on", "to"),
        TableColumn("known_from", "Known since"),
        TableColumn("rows_n", "Rows", 0),
    )
    kept = tuple(c for c in columns if any(getattr(v, c.name) for v in values))
    rows = tuple(tuple(getattr(v, c.name) for c in kept) for v in values)
    missing = "" if rows else "nothing was known by then"
    return Figure(slug, title, columns=kept, rows=rows, shown=shown, missing=missing)


def _filters(filters: Mapping[str, tuple[str, ...]]) -> Figure:
    columns = (
        TableColumn("column", "Column"),
        TableColumn("what", "What it is", long=True),
        TableColumn("values", "Values", long=True),
    )
    rows = tuple((c, _WHAT.get(c, ""), first_few(v, 8)) for c, v in filters.items())
    says = 'A side is told as column=value: a = "country=CN", or "country=CN, open=open".'
    return Figure(
        "filters", "Columns for sides", says=says, columns=columns, rows=rows, shown=len(rows)
    )


def _units(question: Question) -> str:
    return "that of the figures" if question.unit_column else " or ".join(question.units)


def _takes(word: ScopeWord) -> str:
    return first_few(word.choices, 6) if word.choices else word.kind


def _default(word: ScopeWord) -> str:
    if word.default is None:
        return "required"
    if isinstance(word.default, tuple):
        return first_few([str(v) for v in word.default]) or "all"
    return str(word.default) if word.default != "" else "–"
