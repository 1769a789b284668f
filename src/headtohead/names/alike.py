"""Which known names are close to one that is in no list: suggestions, never answers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches

from headtohead.names.book import Book
from headtohead.names.reading import key

_MOST = 5
_MOST_OF_GROUP = 3
_LEAST_LIKENESS = 0.8
_SHORTEST_WORD = 3
_RESPELT = 0.5  # what a word put right counts, beside a word too many


def nearest(
    word: str, spellings: Iterable[str] | Mapping[str, str], most: int = 3
) -> tuple[str, ...]:
    """What a wrong word may have meant, the likeliest first; nothing where nothing is close.

    Args:
        word: As it was written.
        spellings: Every known spelling; where another word is to be suggested than the spelling,
            as "China (CN)" for "PRC", each with that word.
        most: How many suggestions at most.
    """
    meant = spellings if isinstance(spellings, Mapping) else {text: text for text in spellings}
    by_key: dict[str, list[str]] = {}
    for text, shown in meant.items():
        by_key.setdefault(key(text), []).append(shown)
    best: dict[str, tuple[float, ...]] = {}
    for spelt, distance in _near(key(word), by_key).items():
        for shown in by_key[spelt]:
            best[shown] = min(distance, best.get(shown, distance))
    return tuple(sorted(best, key=lambda shown: (best[shown], shown))[:most])


def alike(name: str, book: Book) -> tuple[str, ...]:
    """Up to five names of models, the likeliest first, each of which is listed.

    Names come first that are spelt the same but for blanks, points and dashes ("deepseekv3.2"),
    then those that hold all words and numbers of the name and few besides ("sonnet 4.5"), the
    newest first; then those that differ in a letter or two. Where no model is near, labs,
    countries and families that are. The name of one of those itself gives only its own models.
    """
    best: dict[str, tuple[float, ...]] = {}
    for spelt, distance in _near(book.rules.spell(name)[0], book.index).items():
        entry = book.index[spelt]
        # As names that can be asked for.
        for meant in {entry.model} if entry.model else {a.name for a in entry.aliases if a.moving}:
            rank = (*distance, -book.day(meant))
            best[meant] = min(rank, best.get(meant, rank))
    models = sorted(best, key=lambda meant: (best[meant], meant))
    if group := book.group(name):
        return tuple([m for m in models if m in group.models] or group.models)[:_MOST_OF_GROUP]
    return tuple(models[:_MOST]) or nearest(name, book.group_spellings)


def _near(spelt: str, keys: Iterable[str]) -> dict[str, tuple[float, float]]:
    """The keys that may be meant by one that is not among them, each with how far it is."""
    if len(spelt) < 2:
        return {}
    keys, written = list(keys), _Written(spelt)
    near = {one: far for one in keys if (far := written.distance(one))}
    if not any(far[0] < 3 for far in near.values()) and (right := _respelt(spelt, keys)) != spelt:
        written = _Written(right)
        for one in keys:
            if (far := written.distance(one)) and far[0] < 3:
                near[one] = (far[0], far[1] + _RESPELT)
    return near


def _respelt(spelt: str, keys: Iterable[str]) -> str:
    """The key with each word that no known key has replaced by the one that is spelt most alike."""
    known = sorted({w for one in keys for w in one.split("-") if len(w) >= _SHORTEST_WORD})
    words = []
    for word in spelt.split("-"):
        right = word
        if word not in known and word.isalpha() and len(word) >= _SHORTEST_WORD:
            swapped = [w for w in known if w[0] == word[0] and sorted(w) == sorted(word)]
            right = (swapped or get_close_matches(word, known, 1, _LEAST_LIKENESS) or [word])[0]
        words.append(right)
    return "-".join(words)


class _Written:
    """A key as it was written, which is held against every listed one."""

    def __init__(self, spelt: str) -> None:
        self._spelt, self._bare = spelt, spelt.replace("-", "")
        self._words = Counter(spelt.split("-"))
        self._numbers = {word for word in self._words if word.isdigit()}
        # A number alone would be in half of all names.
        self._says = any(len(w) > 1 and not w.isdigit() for w in self._words)
        self._matcher = SequenceMatcher(None, "", self._bare, autojunk=False)

    def distance(self, key: str) -> tuple[float, float] | None:
        """How far a listed key is from what was written; None if it is too far to be meant."""
        bare = key.replace("-", "")
        if bare == self._bare:
            return 0, 0
        words = key.split("-")
        if self._says and all(word in key for word in self._words):
            listed = Counter(words)
            more = (listed - self._words).total()
            if self._words <= listed and more <= 3:
                return 1 if f"-{self._spelt}-" in f"-{key}-" else 2, more
        if self._numbers != {word for word in words if word.isdigit()}:
            return None
        # Quick bounds, the same both ways, leave few for which the letters are laid side by side.
        self._matcher.set_seq1(bare)
        quick = (self._matcher.real_quick_ratio, self._matcher.quick_ratio)
        if any(bound() < _LEAST_LIKENESS for bound in quick):
            return None
        likeness = SequenceMatcher(None, self._bare, bare, autojunk=False).ratio()
        return (3, -likeness) if likeness >= _LEAST_LIKENESS else None
