"""Which kind of task a request is: by its labels, or by the words it uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headtohead.trials.calls import Call
from headtohead.trials.scoring.duel import text_of

if TYPE_CHECKING:
    import numpy as np

OTHER, NO_LABEL = "other", "(none)"
_SYSTEM_CHARACTERS, _USER_CHARACTERS = 600, 1200
_MOST_CLUSTERED = 20_000


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of some requests.

    Attributes:
        of: Class of each request, in the order given.
        silhouette: How well clusters are apart; None where labels tell the class.
    """

    of: tuple[str, ...]
    silhouette: float | None = None


def label_of(call: Call, labels: Sequence[str]) -> str:
    """The class that a call's labels tell: their values, with dots between them."""
    if len(labels) == 1:
        return call.labels.get(labels[0]) or NO_LABEL
    return " · ".join(call.labels.get(label) or NO_LABEL for label in labels)


def words_of(call: Call) -> str:
    """What a request is told apart by: the start of its system text and its last user text."""
    system = user = ""
    for message in call.messages or ():
        if message.get("role") in ("system", "developer") and not system:
            system = text_of(message)
        elif message.get("role") == "user":
            user = text_of(message)
    return f"{system[:_SYSTEM_CHARACTERS]}\n{user[:_USER_CHARACTERS]}"


def clustered(calls: Sequence[Call], rng: "np.random.Generator", most: int = 12) -> Classes:
    """Classes of requests that carry no label: clusters named by their most telling words.

    Args:
        calls: Requests; the clusters are made from a random 20,000 of them, the others join the
            nearest.
        rng: Source of randomness.
        most: Largest number of clusters.
    """
    from headtohead.trials.sampling.clustering import cluster

    texts = [words_of(call) for call in calls]
    if len(texts) <= _MOST_CLUSTERED:
        made = cluster(texts, rng, most)
        codes = made.codes
    else:
        chosen = rng.choice(len(texts), _MOST_CLUSTERED, replace=False)
        made = cluster([texts[at] for at in chosen], rng, most)
        codes = made.assign(texts)
    return Classes(tuple(made.names[code] for code in codes), made.silhouette)


def pooled(held_n: Mapping[str, int], fewest: int, most: int) -> dict[str, str]:
    """Class -> class, with those that are too small or too many together in "other".

    Args:
        held_n: Class -> how many of its requests can be drawn; may be 0.
        fewest: Of which a class needs to stand alone.
        most: Classes left apart; the largest stay.
    """
    ranked = sorted(held_n, key=lambda name: (-held_n[name], name))
    alone = [name for name in ranked[:most] if held_n[name] >= fewest]
    rest = [name for name in ranked if name not in set(alone)]
    # "other" needs something that can be drawn to stand for it.
    if rest and alone and not any(held_n[name] for name in rest):
        rest.append(alone.pop())
    return {name: name for name in alone} | {name: OTHER for name in rest}
