"""Which listed names are close to one that is in no list: suggestions, never answers."""

from collections import Counter
from difflib import SequenceMatcher

from headtohead.names.book import Book

_MOST = 5
_LEAST_LIKENESS = 0.8


def alike(name: str, book: Book) -> tuple[str, ...]:
    """Up to five names of models, the likeliest first, each of which is listed.

    Names come first that are spelt the same but for blanks, points and dashes ("deepseekv3.2"),
    then those that hold all words and numbers of the name and few besides ("sonnet 4.5"), the
    newest first; then those that differ in a letter or two.
    """
    spelt, _ = book.rules.spell(name)
    if len(spelt) < 2:
        return ()
    near = {key: far for key in book.index if (far := _distance(spelt, key))}
    best: dict[str, tuple[float, ...]] = {}
    for key, distance in near.items():
        entry = book.index[key]
        # As names that can be asked for.
        found = {entry.model} if entry.model else {a.name for a in entry.aliases if a.moving}
        for meant in found:
            model = book.models.get(meant)
            day = model.released_on.toordinal() if model and model.released_on else 0
            rank = (*distance, -day)
            best[meant] = min(rank, best.get(meant, rank))
    return tuple(sorted(best, key=lambda meant: (best[meant], meant))[:_MOST])


def _distance(spelt: str, key: str) -> tuple[float, float] | None:
    """How far a listed key is from what was written; None if it is too far to be meant."""
    one, other = spelt.replace("-", ""), key.replace("-", "")
    if one == other:
        return 0, 0
    words, listed = Counter(spelt.split("-")), Counter(key.split("-"))
    more = (listed - words).total()
    # A number alone would be in half of all names.
    if words <= listed and more <= 3 and any(len(w) > 1 and not w.isdigit() for w in words):
        in_order = f"-{spelt}-" in f"-{key}-"
        return 1 if in_order else 2, more
    numbers = [{w for w in some if w.isdigit()} for some in (words, listed)]
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if numbers[0] != numbers[1] or matcher.quick_ratio() < _LEAST_LIKENESS:
        return None
    likeness = matcher.ratio()
    return (3, -likeness) if likeness >= _LEAST_LIKENESS else None
