"""Whose openness is asked for: the one choice besides names of models."""

from dataclasses import dataclass

from headtohead.core.settings import Choices, option


@dataclass(frozen=True, slots=True, kw_only=True)
class OpennessSettings(Choices):
    """Of whom a record is made."""

    lab: str = option("", metavar="LAB", help="Every model of this lab, the newest first.")
