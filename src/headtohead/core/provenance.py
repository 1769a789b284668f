"""Where a number comes from: the card of a publisher's product."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

# The source of rows that a user brought: known whenever the user asks.
OWN_SCORES = "scores"
Evaluator = Literal["first_party", "third_party", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a reader needs to find and credit one source.

    Attributes:
        source_id: Its name in every table's `source_id` column.
        citation: The sentence to print next to a number.
        url: The address a reader can open.
        licence: SPDX identifier, or LicenseRef-... with the publisher's terms.
        known_on: When the rows that were used became known (the latest of them).
        retrieved_on: When we took it.
        sha256: Content hash of the raw files that were read; empty for hand-gathered figures.
        evaluator: Whether the makers of the models measured themselves.
        unverified: True if some figure of it could not be checked against its origin.
    """

    source_id: str
    publisher: str
    product: str
    citation: str
    url: str
    licence: str
    evaluator: Evaluator
    known_on: date | None = None
    retrieved_on: date | None = None
    sha256: str = ""
    unverified: bool = False
