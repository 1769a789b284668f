"""What a judge has voted, as the file of an arena holds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headtohead.arena.store.store import ArenaStore, Voter

PREFERENCE: Mapping[str, float] = {"model_a": -1.0, "model_b": 1.0}
"""What a vote says for the right side over the left one; 0 if it is neither."""
_OF_PAIRS = (
    "SELECT model_a, model_b, AVG(CASE winner WHEN 'model_a' THEN -1.0 WHEN 'model_b' THEN 1.0 "
    "ELSE 0.0 END) AS preference FROM judge_votes WHERE voter = ? GROUP BY model_a, model_b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BothVerdicts:
    """A judge's votes on two answers, in both orders.

    Attributes:
        about: The battle of a person whose answers these are; None for recorded ones.
        a_first: Its preference for B over A when A was shown first: -1, 0 or 1.
        b_first: The same when B was shown first.
        length_a: Characters of A's answer.
    """

    about: str | None
    prompt: str
    a: str
    b: str
    a_first: float
    b_first: float
    length_a: int
    length_b: int

    @property
    def preference(self) -> float:
        """For B over A, the mean of both orders."""
        return (self.a_first + self.b_first) / 2


def last_judge(store: ArenaStore) -> Voter | None:
    """The judge that came last; None if none has voted."""
    rows = store.rows("SELECT id FROM voters WHERE kind = 'judge' ORDER BY first_ms DESC LIMIT 1")
    return store.voter(rows[0]["id"]) if rows else None


def both_verdicts(store: ArenaStore, judge: str) -> list[BothVerdicts]:
    """The votes of a judge that are there in both orders.

    Of recorded answers that have changed since, those to the last ones.
    """
    rows = store.rows(
        "SELECT v.*, b.about FROM judge_votes AS v JOIN battles AS b ON b.id = v.battle "
        "WHERE v.voter = ? ORDER BY v.voted_ms, v.battle",
        judge,
    )
    second = {row["battle"][:-1]: row for row in rows if row["battle"].endswith("-b")}
    found = {}
    for row in rows:
        other = second.get(row["battle"][:-1])
        if other is not None and row["battle"].endswith("-a"):
            a, b = row["model_a"], row["model_b"]
            found[row["about"], row["prompt"], a, b] = BothVerdicts(
                about=row["about"],
                prompt=row["prompt"],
                a=a,
                b=b,
                a_first=PREFERENCE.get(row["winner"], 0.0),
                b_first=-PREFERENCE.get(other["winner"], 0.0),
                length_a=row["length_a"],
                length_b=row["length_b"],
            )
    return list(found.values())


def judged_pairs(store: ArenaStore) -> Callable[[], Mapping[tuple[str, str], float]]:
    """What gives the last judge's mean preference on each pair, for the second over the first.

    Both ways round; read again only where it has voted since.
    """
    known: dict[tuple[str, str], float] = {}
    stamp: tuple[str, int] | None = None

    def now() -> Mapping[tuple[str, str], float]:
        nonlocal stamp
        judge = last_judge(store)
        if judge is None:
            return {}
        n = store.rows("SELECT COUNT(*) FROM battles WHERE voter = ?", judge.id)[0][0]
        if (judge.id, n) != stamp:
            means = {
                (row["model_a"], row["model_b"]): row["preference"]
                for row in store.rows(_OF_PAIRS, judge.id)
            }
            known.clear()
            for (a, b), mean in means.items():
                if (b, a) in means:
                    known[a, b] = (mean - means[b, a]) / 2
            stamp = (judge.id, n)
        return known

    return now
