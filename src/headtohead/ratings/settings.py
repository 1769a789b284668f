"""How a leaderboard is made: every choice in one frozen object, carried by the result."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from headtohead.core.errors import InputError
from headtohead.ratings.bradley_terry import TIES, Ties

Intervals = Literal["sandwich", "bootstrap", "hessian"]
INTERVALS: tuple[Intervals, ...] = ("sandwich", "bootstrap", "hessian")

POINTS_PER_LOGIT = 400 / math.log(10)
MIDDLE = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSettings:
    """Every choice behind a leaderboard.

    Attributes:
        ties: "half" (half a win each, as LMSYS publishes), "drop", "davidson" or "rao-kupper".
        prior: Virtual votes of each model against one of average strength; 0 for none.
        intervals: "sandwich" (closed form), "bootstrap", or "hessian" (curvature alone).
        rounds: Rounds of the bootstrap, at least 100.
        cluster: Column whose votes go together (voter, prompt); empty if votes are independent.
        level: Coverage of the intervals, inside (0, 1).
        draws: Simulated boards for what holds jointly, at least 500.
        anchor: A model that is put at `anchor_elo`; empty to put the average, weighted by votes,
            at 1000. It moves all ratings alike and no interval.
        anchor_elo: Where the anchor is put, in points.
        min_votes: Models with fewer votes are left out.
        style: Covariates whose effect is taken out of the ratings.
        seed: Of all random draws.

    Raises:
        InputError: If a choice does not exist or lies outside its range.
    """

    ties: Ties = "half"
    prior: float = 0.5
    intervals: Intervals = "sandwich"
    rounds: int = 1000
    cluster: str = ""
    level: float = 0.95
    draws: int = 2000
    anchor: str = ""
    anchor_elo: float = MIDDLE
    min_votes: int = 0
    style: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("ties", self.ties, TIES),
            ("intervals", self.intervals, INTERVALS),
        ):
            if value not in known:
                raise InputError(f"{name} is one of {', '.join(known)}, not {value!r}.")
        self._check_ranges()
        if self.intervals == "bootstrap" and (self.ties in ("davidson", "rao-kupper")):
            raise InputError("The bootstrap is for ties half or drop; use --intervals sandwich.")
        if self.intervals == "bootstrap" and self.prior == 0:
            raise InputError(
                "The bootstrap needs a prior above 0: a resampled board may have no maximum."
            )
        if self.style and self.ties != "half":
            raise InputError("Style control counts ties as half wins; leave --ties half.")
        if self.style and self.intervals == "bootstrap":
            raise InputError("Style control has closed-form intervals; use --intervals sandwich.")
        if self.cluster and self.intervals == "hessian":
            raise InputError("Clustered intervals need --intervals sandwich or bootstrap.")

    def _check_ranges(self) -> None:
        for name, fine, wanted in (
            ("level", 0 < self.level < 1, "a number between 0 and 1, as 0.95"),
            ("prior", 0 <= self.prior <= 1000, "0 to 1,000 virtual votes"),
            ("rounds", self.rounds >= 100, "at least 100"),
            ("draws", self.draws >= 500, "at least 500"),
            ("min_votes", self.min_votes >= 0, "0 or more"),
            ("seed", self.seed >= 0, "0 or more"),
            ("anchor_elo", math.isfinite(self.anchor_elo), "a finite number of points"),
        ):
            if not fine:
                raise InputError(f"{name} is {getattr(self, name)}; it must be {wanted}.")

    def rng(self, key: str) -> np.random.Generator:
        """Draws of its own for everything called `key`: no number depends on what else was asked.

        Args:
            key: What is drawn.
        """
        return np.random.default_rng([self.seed, zlib.crc32(key.encode())])

    def as_json(self) -> Mapping[str, object]:
        """The choices by name."""
        return asdict(self)

    def method(self) -> str:
        """The estimator in one line, for whoever reads a number."""
        names = {
            "half": "ties as half wins",
            "drop": "ties left out",
            "davidson": "Davidson's ties",
            "rao-kupper": "Rao and Kupper's ties",
        }
        errors = {
            "sandwich": "sandwich intervals",
            "bootstrap": f"bootstrap of {self.rounds} rounds",
            "hessian": "intervals from the curvature",
        }[self.intervals]
        grouped = f" clustered by {self.cluster}" if self.cluster else ""
        style = f", style control for {', '.join(self.style)}" if self.style else ""
        return f"Bradley-Terry, {names[self.ties]}{style}, {errors}{grouped}"
