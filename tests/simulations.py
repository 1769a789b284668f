"""Simulations come in two lengths: a short one that always runs, and the full one."""

from collections.abc import Sequence
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from hypothesis import settings


def examples(full: int) -> int:
    """Give the examples that a property is tried on: `full` ones in `make test-slow`, else few."""
    return min(full, settings().max_examples)


def leading(cases: Sequence[Any], always: int = 2) -> list[ParameterSet]:
    """Cases as parameters: the first few always run, the others in `make test-slow` alone."""
    marks = [()] * always + [pytest.mark.slow] * (len(cases) - always)
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=mark)
        for case, mark in zip(cases, marks, strict=True)
    ]


def lengths(short: int, full: int) -> list[ParameterSet]:
    """Numbers of rounds as parameters: the full one is run by `make test-slow` alone.

    Args:
        short: Rounds that take at most a second or two.
        full: Rounds that tell the stated coverage from its neighbours.
    """
    return [pytest.param(short, id="short"), pytest.param(full, id="full", marks=pytest.mark.slow)]


def slack(share: float, rounds: int, standard_errors: float = 4) -> float:
    """How far a share of so many independent rounds may lie from the truth.

    Args:
        share: The truth.
        rounds: Independent draws.
        standard_errors: How many of them are allowed.
    """
    return float(standard_errors * (share * (1 - share) / rounds) ** 0.5)
