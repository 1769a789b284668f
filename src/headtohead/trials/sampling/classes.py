"""Which kind of task a request is: by its labels, or by the words it uses.

Texts that use the same words are one cluster, named by the words that tell it from the rest.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.logs.calls import Call
from headtohead.stats.inputs import FloatArray, IntArray, one_thread
from headtohead.trials.scoring.scored import text_of

OTHER, NO_LABEL = "other", "(none)"
_SYSTEM_CHARACTERS, _USER_CHARACTERS = 600, 1200
_MOST_CLUSTERED = 20_000
_TERMS = 1000
_DIMENSIONS = 32
_MOST_WORDS = 300
_ROWS_AT_ONCE = 2000
_STARTS, _STEPS = 4, 30
_CHOSEN_ON = 1500
_FEWEST_TEXTS = 20
# Rousseeuw's rule of thumb calls less than 0.25 no substantial structure. Short texts in 32
# dimensions lie lower: random words give 0.05 to 0.08 here, two topics 0.2 and more.
_LEAST_SILHOUETTE = 0.12
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


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


def clustered(calls: Sequence[Call], rng: np.random.Generator, most: int = 12) -> tuple[str, ...]:
    """Classes of requests that carry no label: clusters named by their most telling words.

    Args:
        calls: Requests; the clusters are made from a random 20,000 of them, the others join the
            nearest.
    """
    texts = [words_of(call) for call in calls]
    if len(texts) <= _MOST_CLUSTERED:
        clusters = cluster(texts, rng, most)
        codes = clusters.codes
    else:
        chosen = rng.choice(len(texts), _MOST_CLUSTERED, replace=False)
        clusters = cluster([texts[at] for at in chosen], rng, most)
        codes = clusters.assign(texts)
    return tuple(clusters.names[code] for code in codes)


def pooled(held_n: Mapping[str, int], fewest: int, most: int) -> dict[str, str]:
    """Class -> class, with those that are too small or too many together in "other".

    Args:
        held_n: Class -> how many of its requests can be drawn; may be 0.
        fewest: Of which a class needs to stand alone.
    """
    ranked = sorted(held_n, key=lambda name: (-held_n[name], name))
    alone = [name for name in ranked[:most] if held_n[name] >= fewest]
    rest = [name for name in ranked if name not in set(alone)]
    # "other" needs something that can be drawn to stand for it.
    if rest and alone and not any(held_n[name] for name in rest):
        rest.append(alone.pop())
    return {name: name for name in alone} | {name: OTHER for name in rest}


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Clusters of texts.

    Attributes:
        names: Of each cluster: its three most telling words.
        codes: Cluster of each text it was made from, shape (n,).
        silhouette: How well the clusters are apart, from -1 to 1; 0 if there is one.
    """

    names: tuple[str, ...]
    codes: IntArray
    silhouette: float
    _space: "_WordSpace"
    _centres: FloatArray

    def assign(self, texts: Sequence[str]) -> IntArray:
        """The nearest cluster of each of other texts, shape (n,)."""
        return _nearest(self._space.points(texts), self._centres)


@one_thread()
def cluster(texts: Sequence[str], rng: np.random.Generator, most: int = 12) -> Clusters:
    """The clusters of texts; the same texts and seed give the same clusters.

    Words (pairs of signs where a script writes none) are weighed by TF-IDF, the thousand most
    frequent ones cut to 32 dimensions by latent semantic analysis, and grouped by k-means on the
    sphere, seeded by k-means++. Of k = 2 to `most` that with the largest mean silhouette wins; if
    no k reaches 0.12, or there are fewer than 20 different texts, all are one cluster.

    References:
        Deerwester, S. et al. (1990). Indexing by latent semantic analysis. JASIS 41, 391-407.
        doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9
        Arthur, D., Vassilvitskii, S. (2007). k-means++: the advantages of careful seeding. SODA,
        1027-1035. doi:10.5555/1283383.1283494
        Rousseeuw, P. J. (1987). Silhouettes. Journal of Computational and Applied Mathematics
        20, 53-65. doi:10.1016/0377-0427(87)90125-7
    """
    space = _WordSpace.of(texts)
    points = space.points(texts)
    different = len(set(texts))
    centres, silhouette = points.mean(axis=0, keepdims=True), 0.0
    if different >= _FEWEST_TEXTS and points.shape[1]:
        centres, silhouette = _best(points, rng, min(most, different // 5))
    codes = _nearest(points, centres)
    # A cluster that is nobody's nearest is none.
    kept, codes = np.unique(codes, return_inverse=True)
    codes = codes.astype(np.int64)
    names = space.names(texts, codes, kept.size)
    return Clusters(names, codes, silhouette, space, centres[kept])


@dataclass(frozen=True, slots=True, eq=False)
class _WordSpace:
    """From texts to points: weighed words, cut to few dimensions."""

    terms: dict[str, int]
    idf: FloatArray
    axes: FloatArray

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_WordSpace":
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(_words(text)))
        least = max(2, len(texts) // 2000)
        # What nearly every text has (a shared system prompt) tells none from another.
        useful = [(-n, t) for t, n in seen.items() if least <= n <= 0.9 * len(texts)]
        chosen = sorted(useful)[:_TERMS]
        terms = {term: at for at, (_, term) in enumerate(chosen)}
        idf = np.array([math.log(len(texts) / -n) + 0.1 for n, _ in chosen], dtype=np.float64)
        bare = cls(terms, idf, np.zeros((len(terms), 0)))
        gram = np.zeros((len(terms), len(terms)))
        for rows in bare._rows(texts):
            gram += rows.T @ rows
        _, vectors = np.linalg.eigh(gram)
        axes = vectors[:, ::-1][:, :_DIMENSIONS]
        # Eigenvectors have no sign of their own: make the largest entry positive.
        if axes.size:
            axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        return cls(terms, idf, axes)

    def points(self, texts: Sequence[str]) -> FloatArray:
        """A point of length 1 for each text (0 if it has no known word), shape (n, dimensions)."""
        parts = [rows @ self.axes for rows in self._rows(texts)]
        raw = np.concatenate(parts) if parts else np.zeros((0, self.axes.shape[1]))
        return _unit(raw)

    def names(self, texts: Sequence[str], codes: IntArray, k: int) -> tuple[str, ...]:
        if k == 1:
            return ("all",)
        weights = np.zeros((k, len(self.terms)))
        start = 0
        for rows in self._rows(texts):
            weights += _membership(codes[start : start + len(rows)], k).T @ rows
            start += len(rows)
        sizes = np.bincount(codes, minlength=k)[:, None]
        inside = weights / sizes
        outside = (weights.sum(axis=0) - weights) / np.maximum(1, len(texts) - sizes)
        words = list(self.terms)
        telling = np.argsort(outside - inside, axis=1, kind="stable")[:, :3]
        names: list[str] = []
        for row in telling:
            name = ", ".join(words[at] for at in row)
            names.append(name if name not in names else f"{name} ({len(names) + 1})")
        return tuple(names)

    def _rows(self, texts: Sequence[str]) -> Iterator[FloatArray]:
        """Weighed words as rows of length 1, some thousand texts at a time."""
        for start in range(0, len(texts), _ROWS_AT_ONCE):
            part = texts[start : start + _ROWS_AT_ONCE]
            rows = np.zeros((len(part), len(self.terms)))
            for at, text in enumerate(part):
                for term, n in Counter(_words(text)).items():
                    column = self.terms.get(term)
                    if column is not None:
                        rows[at, column] = 1 + math.log(n)
            yield _unit(rows * self.idf)


def _words(text: str) -> list[str]:
    low = text.lower()
    words = [w for w in _WORD.findall(low) if not _IDEOGRAPH.fullmatch(w)]
    signs = [run[i : i + 2] for run in _IDEOGRAPH.findall(low) for i in range(len(run) - 1)]
    return [*words[:_MOST_WORDS], *signs[:_MOST_WORDS]]


def _unit(rows: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))


def _membership(codes: IntArray, k: int) -> FloatArray:
    """1 where a point belongs to a cluster, shape (n, k)."""
    return np.asarray(np.eye(k)[codes])


def _nearest(points: FloatArray, centres: FloatArray) -> IntArray:
    return np.asarray((points @ centres.T).argmax(axis=1).astype(np.int64))


def _best(points: FloatArray, rng: np.random.Generator, most: int) -> tuple[FloatArray, float]:
    """Centres and silhouette for the number of clusters that fits best."""
    n = len(points)
    some = points if n <= _CHOSEN_ON else points[rng.choice(n, _CHOSEN_ON, replace=False)]
    apart = 1 - some @ some.T
    tried: list[tuple[float, int]] = [(_LEAST_SILHOUETTE, -1)]
    for k in range(2, max(2, most) + 1):
        codes = _nearest(some, _centres(some, k, rng))
        tried.append((_silhouette(apart, codes), -k))
    silhouette, k = max(tried)
    if k == -1:
        return points.mean(axis=0, keepdims=True), 0.0
    return _centres(points, -k, rng), silhouette


def _centres(points: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """The best centres of several runs of k-means on the sphere, shape (k, dimensions)."""
    best, closeness = points[:1], -math.inf
    for _ in range(_STARTS):
        # Seeds by k-means++.
        chosen = [int(rng.integers(len(points)))]
        far = np.maximum(0.0, 1 - points @ points[chosen[0]])
        for _ in range(k - 1):
            total = far.sum()
            odds = far / total if total > 0 else None
            chosen.append(int(rng.choice(len(points), p=odds)))
            far = np.minimum(far, np.maximum(0.0, 1 - points @ points[chosen[-1]]))
        centres = points[chosen]
        for _ in range(_STEPS):
            codes = _nearest(points, centres)
            belongs = _membership(codes, k)
            moved = _unit(belongs.T @ points)
            # A centre without points stays where it is.
            empty = belongs.sum(axis=0) == 0
            moved[empty] = centres[empty]
            if np.allclose(moved, centres):
                break
            centres = moved
        close = float((points @ centres.T).max(axis=1).sum())
        if close > closeness:
            best, closeness = centres, close
    return best


def _silhouette(apart: FloatArray, codes: IntArray) -> float:
    """The mean silhouette, from distances of shape (n, n)."""
    sizes = np.bincount(codes)
    sums = apart @ _membership(codes, len(sizes))
    at = np.arange(len(codes))
    own = sizes[codes]
    within = sums[at, codes] / np.maximum(1, own - 1)
    means = sums / np.maximum(1, sizes)
    means[:, sizes == 0] = math.inf
    means[at, codes] = math.inf
    other = means.min(axis=1)
    alone = (own == 1) | ~np.isfinite(other)
    larger = np.maximum(np.maximum(within, other), 1e-12)
    return float(np.where(alone, 0.0, (other - within) / larger).mean())
