"""The Model Openness Framework: which components of a model a class of openness asks for.

A class needs every required component of its own and of the classes below, each under an open
licence; a research paper may stand for the technical report.

References:
    White, M. et al. (2024). The Model Openness Framework: promoting completeness and openness for
    reproducibility, transparency, and usability in artificial intelligence.
    doi:10.48550/arXiv.2403.13784
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a model that can be published.

    Attributes:
        kind: code, data or document: which of a distribution's licences holds for it.
        of_class: The class that asks for it, from III (open model) to I (open science).
        required: False if it may be left out.
    """

    kind: str
    of_class: str
    required: bool = True


COMPONENTS: Mapping[str, Component] = {
    "Model architecture": Component("code", "III"),
    "Model parameters (Final)": Component("data", "III"),
    "Evaluation results": Component("document", "III"),
    "Model card": Component("document", "III"),
    "Data card": Component("document", "III"),
    "Technical report": Component("document", "III"),
    "Sample model outputs": Component("document", "III", required=False),
    "Training code": Component("code", "II"),
    "Inference code": Component("code", "II"),
    "Evaluation code": Component("code", "II"),
    "Evaluation data": Component("data", "II"),
    "Supporting libraries and tools": Component("code", "II", required=False),
    "Datasets": Component("data", "I"),
    "Data preprocessing code": Component("code", "I"),
    "Model parameters (Intermediate)": Component("data", "I"),
    "Research paper": Component("document", "I"),
    "Model metadata": Component("data", "I", required=False),
}
WEIGHTS, CODE, DATA = "Model parameters (Final)", "Training code", "Datasets"
REPORT, PAPER = "Technical report", "Research paper"
CLASSES = ("III", "II", "I")


def class_of(is_open: Iterable[str]) -> str:
    """The class that these open components reach: "III", "II", "I" or "none"."""
    there, reached = set(is_open), "none"
    if PAPER in there:
        there.add(REPORT)
    for wanted in CLASSES:
        needed = {n for n, c in COMPONENTS.items() if c.of_class == wanted and c.required}
        if not needed <= there:
            break
        reached = wanted
    return reached
