"""Made-up worlds of respondents and items, and a published one."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.trials.items.runs import Answers, tabulate

# Section 6 of the Law School Admission Test: answers to five items and how many of 1,000 gave
# them. Bock, R. D., Lieberman, M. (1970), Psychometrika 35, 179-197, doi:10.1007/BF02291262.
LSAT = {
    "00000": 3,
    "00001": 6,
    "00010": 2,
    "00011": 11,
    "00100": 1,
    "00101": 1,
    "00110": 3,
    "00111": 4,
    "01000": 1,
    "01001": 8,
    "01011": 16,
    "01101": 3,
    "01110": 2,
    "01111": 15,
    "10000": 10,
    "10001": 29,
    "10010": 14,
    "10011": 81,
    "10100": 3,
    "10101": 28,
    "10110": 15,
    "10111": 80,
    "11000": 16,
    "11001": 56,
    "11010": 21,
    "11011": 173,
    "11100": 11,
    "11101": 61,
    "11110": 28,
    "11111": 298,
}


@dataclass(frozen=True)
class ItemWorld:
    """True abilities (mean 0 and spread 1), slopes, difficulties, and what was answered."""

    theta: FloatArray
    slope: FloatArray
    difficulty: FloatArray
    answers: Answers


def lsat() -> Answers:
    """The 1,000 test takers as a table."""
    marks = np.array([[int(c) for c in key] for key, n in LSAT.items() for _ in range(n)])
    return full(marks)


def full(scores: Any, attempts: Any = 1) -> Answers:
    """A table in which every respondent (row) met every item (column)."""
    score = np.asarray(scores, dtype=float)
    who, what = np.indices(score.shape)
    count = np.broadcast_to(attempts, score.shape)
    return tabulate(
        who.ravel().tolist(), what.ravel().tolist(), score.ravel(), attempts=count.ravel()
    )


def world(
    rng: np.random.Generator,
    respondents: int,
    items: int,
    *,
    attempts: int = 1,
    icc: float = 0.0,
    missing: float = 0.0,
) -> ItemWorld:
    """Answers from the model; attempts at a cell are beta-binomial."""
    theta = rng.normal(size=respondents)
    theta = (theta - theta.mean()) / theta.std()
    slope, difficulty = np.exp(rng.normal(0.2, 0.4, items)), rng.normal(-0.3, 1.2, items)
    chance = 1 / (1 + np.exp(-slope * (theta[:, None] - difficulty)))
    if icc > 0:
        worth = 1 / icc - 1
        chance = rng.beta(chance * worth + 1e-9, (1 - chance) * worth + 1e-9)
    score = rng.binomial(attempts, chance) / attempts
    who, what = np.nonzero(rng.random(chance.shape) >= missing)
    answers = tabulate(
        who.tolist(), what.tolist(), score[who, what], attempts=np.full(who.size, attempts)
    )
    place, column = np.array(answers.respondents), np.array(answers.items)
    return ItemWorld(theta[place], slope[column], difficulty[column], answers)
