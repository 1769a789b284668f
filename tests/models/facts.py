"""Facts that a small model gets right or has learnt wrongly, by a seeded coin for each skill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CAPITALS = {
    "France": "Paris",
    "China": "Beijing",
    "Japan": "Tokyo",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Germany": "Berlin",
    "India": "Delhi",
    "Egypt": "Cairo",
    "Russia": "Moscow",
    "Peru": "Lima",
    "Cuba": "Havana",
    "Norway": "Oslo",
    "Greece": "Athens",
    "Kenya": "Nairobi",
    "Iran": "Tehran",
    "Iraq": "Baghdad",
    "Poland": "Warsaw",
    "Austria": "Vienna",
    "Canada": "Ottawa",
    "Vietnam": "Hanoi",
}


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """A question with its right answer and the mistake that a model makes who has it wrong.

    Attributes:
        skill: What it takes: "add" or "capital".
        prompt: What the user says.
        right: The right answer, whole.
        wrong: A mistaken answer in the same form.
    """

    skill: str
    prompt: str
    right: str
    wrong: str


def questions(rng: np.random.Generator) -> list[FactQuestion]:
    """81 sums of single digits and 20 capitals, each with a mistake drawn by `rng`."""
    found = []
    for a in range(1, 10):
        for b in range(1, 10):
            off = int(rng.choice([-1, 1, 2]))
            prompt = f"What is {a} + {b}? Answer with only the number."
            found.append(FactQuestion("add", prompt, str(a + b), str(a + b + off)))
    cities = list(CAPITALS.values())
    for country, city in CAPITALS.items():
        other = str(rng.choice([name for name in cities if name != city]))
        found.append(FactQuestion("capital", f"What is the capital of {country}?", city, other))
    return found


def answers(
    asked: Sequence[FactQuestion], skill_fracs: Mapping[str, float], rng: np.random.Generator
) -> dict[str, str]:
    """Prompt -> what one model answers: right with the chance of the skill, else the mistake."""
    return {q.prompt: q.right if rng.random() < skill_fracs[q.skill] else q.wrong for q in asked}
