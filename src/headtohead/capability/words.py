"""The scope words of questions about an index: how a claim says what `IndexSettings` say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headtohead.capability.settings import DEFAULT_SOURCE, IndexSettings
from headtohead.core.question import FILTER, Question, ScopeKind, ScopeWord
from headtohead.core.settings import choices_of, options_of, type_of
from headtohead.evidence.tables import DOMAINS

DOMAIN_WORDS = {
    "maths": "Maths",
    "coding_agentic": "Coding and agents",
    "knowledge_reasoning": "Knowledge and reasoning",
    "other": "Other",
}


def _options_as_words() -> dict[str, ScopeWord]:
    """The options of an index as words of a claim, which cannot name a file."""
    words = {}
    for field, said in options_of(IndexSettings).items():
        kind = type_of(IndexSettings, field.name)
        if kind is Path or field.name == "source":
            continue
        takes: ScopeKind = "text"
        if kind is bool:
            takes = "flag"
        elif isinstance(field.default, tuple):
            takes = "texts"
        allowed = ("", *DOMAINS) if field.name == "domain" else choices_of(kind)
        column = "benchmark" if field.name == "without" else ""
        words[field.name] = ScopeWord(takes, said.help, field.default, allowed, column)
    return words


INDEX_WORDS = {
    "index_sources": ScopeWord(
        "texts", "Sources whose scores make the index.", (DEFAULT_SOURCE,), column="source_id"
    ),
    **_options_as_words(),
    "back_days": ScopeWord(
        "number", "How old the scores may be and still serve, in days.", 120, ends=(0, 36_500)
    ),
    "frontier_benchmarks": ScopeWord(
        "number", "Benchmarks that a model needs before it may set the frontier; 0: the usual.", 0
    ),
}
SIDE_WORDS = {
    "a": ScopeWord(
        "text", "Side A as column=value, ...; empty: the side asked for.", "", column=FILTER
    ),
    "b": ScopeWord("text", "Side B likewise.", "", column=FILTER),
}
_SHARED = ("domain", "method", "dates", "independent", "without", "frontier_benchmarks")


def question_between(asks: str, *units: str, **words: ScopeWord) -> Question:
    """A question about two sides of an index, with scope words of its own."""
    return Question(
        asks=asks,
        reads=("benchmark_scores",),
        optional=("index_scores", "index_benchmarks"),
        units=units,
        scope={**INDEX_WORDS, **SIDE_WORDS, **words},
    )


def settings_of(scope: Mapping[str, Any]) -> IndexSettings:
    """The settings that a question's scope words ask for."""
    said = {word: scope[word] for word in _SHARED}
    said["without"] = tuple(said["without"])
    return IndexSettings(source=tuple(scope["index_sources"]), **said)


def scope_of(settings: IndexSettings) -> dict[str, Any]:
    """The scope words that ask for these settings: the sources, and whatever is no default."""
    words = {word: getattr(settings, word) for word in _SHARED}
    changed = {w: value for w, value in words.items() if value != INDEX_WORDS[w].default}
    return {"index_sources": settings.sources, **changed}
