"""The options of `rank`: every choice is one field here, for Python and for the command line.

Which votes count, which boards there are, and how they are rated.
"""

import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headtohead.core.dates import day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import is_level
from headtohead.core.settings import check_choices, option
from headtohead.ratings.bradley_terry import Ties

if TYPE_CHECKING:
    import numpy as np

Repeats = Literal["publisher", "id", "prompt", "off"]
OnBad = Literal["error", "drop"]
BothBad = Literal["tie", "drop"]
Window = Literal["day", "week", "month", "quarter"]

SIDES = ("model_a", "model_b", "winner")
COUNTS = ("wins_a", "wins_b", "ties", "both_bad", "score_a", "score_b")
WORDS = ("voter", "prompt", "turn", "time", "language", "id", "weight")
UNUSED = "none"
"""The column of a word that is not to be used, whatever the table has."""
WINNERS = ("winner.a", "winner.b", "winner.tie", "winner.both_bad", "winner.is")


@dataclass(frozen=True, slots=True)
class VoteOptions:
    """How to read votes. The defaults suit every format.

    `mapping` leads from a canonical word (model_a, model_b, winner, voter, prompt, turn, time,
    language, id, weight) to a column, or to "none" if none is to be used; instead of the winner,
    wins_a, wins_b, ties and both_bad lead to counts of votes, or score_a and score_b to scores.
    `winner.a`, `winner.b`, `winner.tie` and `winner.both_bad` lead to the value that says so,
    several split by `|`; `winner.is` leads to "side", "name" or "score".

    Raises:
        InputError: If a choice does not exist.
    """

    format: str = option(
        "auto",
        metavar="auto|plain|lmarena|...",
        help="Layout of the votes; auto recognises it by the columns.",
    )
    mapping: Mapping[str, str] = option(
        factory=dict,
        flag="--map",
        metavar="WORD=COLUMN",
        help="What your columns are called: model_a=left, winner.tie=draw, ...",
    )
    # Covariates of each vote, in this order: a choice of how to rate, repeated here.
    style: tuple[str, ...] = ()
    where: Mapping[str, str] = option(
        factory=dict,
        metavar="COLUMN=VALUE",
        help="Keep votes with this value. Again for another column: all must hold.",
    )
    languages: tuple[str, ...] = option(
        (),
        flag="--language",
        metavar="LANGUAGE,...",
        help="Keep votes in these languages, as the votes call them.",
    )
    since: date | None = option(
        None, read=day, metavar="DAY", help="Keep votes of this day (YYYY-MM-DD, UTC) and later."
    )
    until: date | None = option(
        None, read=day, metavar="DAY", help="Keep votes of this day and earlier."
    )
    anonymous_only: bool = option(
        True, flag="--named-too", off=True, help="Also count votes given in sight of the names."
    )
    dedup: Repeats = option(
        "publisher",
        help="Repeats to leave out: those the publisher marked; also all but the first vote of "
        "each id, or of each prompt; or none.",
    )
    on_bad: OnBad = option(
        "error", help="Stop at a row that breaks the rules, or drop and count it."
    )
    both_bad: BothBad = option(
        "tie", help="'Both are bad' counts as a tie, or the vote is left out."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        known = (*SIDES, *COUNTS, *WORDS, *WINNERS)
        said = {}
        for word, value in self.mapping.items():
            if word not in known:
                raise UnknownName("word of `mapping`", str(word), known)
            given: object = value  # columns and outcomes may be numbers, as 1 or True
            if not isinstance(given, str | int | float):
                raise InputError(f"`mapping` takes one name or value for {word!r}, not {value!r}.")
            said[word] = f"{given:g}" if isinstance(given, float) else str(given)
        object.__setattr__(self, "mapping", said)
        kind = said.get("winner.is", "side")
        if kind not in ("side", "name", "score"):
            raise UnknownName("kind of winner", kind, ("side", "name", "score"))
        for column, value in self.where.items():
            if not isinstance(value, str):
                raise InputError(f"`where` takes one text for {column!r}, not {value!r}.")


Intervals = Literal["sandwich", "bootstrap", "hessian"]

POINTS_PER_LOGIT = 400 / math.log(10)
MIDDLE = 1000.0


def _anchor(given: str | tuple[str, float] | Mapping[str, float]) -> tuple[str, float]:
    """A model and its points, also as MODEL=POINTS."""
    if isinstance(given, str):
        name, _, said = given.rpartition("=")
        try:
            return _anchor((name, float(said)))
        except ValueError:
            raise InputError(f"`anchor` is of the form MODEL=POINTS, not {given!r}.") from None
    try:
        # Also {"gpt-5": 1200}, as mappings are given elsewhere.
        ((name, points),) = given.items() if isinstance(given, Mapping) else (given,)
        math.isfinite(points)
    except (TypeError, ValueError):
        raise InputError(f"`anchor` is one model and its points, not {given!r}.") from None
    if not name:
        raise InputError("`anchor` has no name. Give a model and its points, as MODEL=POINTS.")
    return name, points


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSettings:
    """How a leaderboard is made; carried by the result.

    Raises:
        InputError: If a choice does not exist or lies outside its range.
    """

    ties: Ties = option(
        "half",
        help="A tie is half a win each, left out, or an outcome of its own by Davidson's or by Rao "
        "and Kupper's model.",
    )
    prior: float = option(
        0.5,
        help="Virtual votes of each model against the middle of them; 0 for the pure maximum "
        "likelihood.",
    )
    intervals: Intervals = option(
        "sandwich",
        help="How they are computed: in closed form, also right where the model is not (sandwich); "
        "by drawing votes anew (bootstrap); by the curvature alone (hessian).",
    )
    rounds: int = option(1000, help="How often the bootstrap draws the votes anew; at least 100.")
    cluster: str = option(
        "",
        metavar="COLUMN",
        help="Votes of one voter or prompt go together: wider intervals; none: each vote is "
        "independent. Default: prompt where prompts and pairs repeat, else none.",
    )
    level: float = option(0.95, help="How surely intervals and places hold: between 0 and 1.")
    draws: int = option(
        2000, hidden=True, help="Simulated boards for what holds jointly, at least 500."
    )
    anchor: tuple[str, float] | None = option(
        None,
        read=_anchor,
        metavar="MODEL=POINTS",
        help="Put this model at so many points. Default: the average, weighted by votes, at 1000.",
    )
    min_votes: int = option(0, help="Leave out models with fewer votes than this.")
    style: tuple[str, ...] = option(
        (),
        metavar="NAME,...",
        help="Rate at equal style, and show its effect: length, list, header, bold where the "
        "layout has them; x for columns x_a and x_b; or a column of differences, first minus "
        "second.",
    )
    seed: int = option(0, help="Of all random draws: the same seed gives the same numbers.")

    def __post_init__(self) -> None:
        check_choices(self)
        for name, fine, wanted in (
            ("level", is_level(self.level), "a number between 0 and 1, as 0.95"),
            ("prior", 0 <= self.prior <= 1000, "0 to 1,000 virtual votes"),
            ("rounds", self.rounds >= 100, "at least 100"),
            ("draws", self.draws >= 500, "at least 500"),
            ("min_votes", self.min_votes >= 0, "0 or more"),
            ("seed", self.seed >= 0, "0 or more"),
        ):
            if not fine:
                raise InputError(f"`{name}` is {getattr(self, name)}; it must be {wanted}.")
        if self.anchor and not math.isfinite(self.anchor[1]):
            raise InputError(
                f"`anchor` puts {self.anchor[0]} at {self.anchor[1]}; give a finite number of "
                "points."
            )
        bootstrap = self.intervals == "bootstrap"
        for wrong, said in (
            (
                bootstrap and self.ties in ("davidson", "rao-kupper"),
                "The bootstrap is for ties half or drop; use `intervals='sandwich'`.",
            ),
            (
                bootstrap and self.prior == 0,
                "The bootstrap needs a prior above 0: a resampled board may have no maximum.",
            ),
            (
                self.style and self.ties != "half",
                "Style control counts ties as half wins; leave `ties='half'`.",
            ),
            (
                self.style and bootstrap,
                "Style control has closed-form intervals; use `intervals='sandwich'`.",
            ),
            (
                self.cluster and self.intervals == "hessian",
                "Clustered intervals need `intervals='sandwich'` or bootstrap.",
            ),
        ):
            if wrong:
                raise InputError(said)

    def rng(self, key: str) -> "np.random.Generator":
        """Draws of its own for each `key`: no number depends on what else was asked."""
        import numpy as np

        return np.random.default_rng([self.seed, zlib.crc32(key.encode())])

    def as_json(self) -> Mapping[str, object]:
        """The choices by name; without an anchor the average is put at 1000."""
        result: dict[str, object] = {}
        for key, value in asdict(self).items():
            if key == "anchor":
                result["anchor"], result["anchor_elo"] = self.anchor or ("", MIDDLE)
            else:
                result[key] = value
        return result

    def method(self) -> str:
        """The estimator in one line, for whoever reads a number."""
        names = {
            "half": "ties as half wins",
            "drop": "ties left out",
            "davidson": "Davidson's ties",
            "rao-kupper": "Rao and Kupper's ties",
        }
        intervals = {
            "sandwich": "sandwich intervals",
            "bootstrap": f"bootstrap of {self.rounds} rounds",
            "hessian": "intervals from the curvature",
        }[self.intervals]
        grouped = f" clustered by {self.cluster}" if self.cluster else ""
        style = f", style control for {', '.join(self.style)}" if self.style else ""
        return f"Bradley-Terry, {names[self.ties]}{style}, {intervals}{grouped}"


def _judge(votes: Any) -> Any:  # noqa: ANN401 - a path, a frame, arrays
    """Votes of a judge; a file is looked for before others are counted."""
    from headtohead.files.opening import arrived, held

    if isinstance(votes, str | Path) and not held(arrived(votes)).exists():
        raise InputError(f"`judge`: {votes} does not exist.")
    return votes


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOptions:
    """Which boards are made, and what else is asked about them."""

    engine: str = option(
        "auto",
        metavar="auto|duckdb|spark|...",
        help="What counts the votes: auto reads files itself, any other name is an engine of Ibis.",
    )
    by: tuple[str, ...] = option(
        (), metavar="COLUMN,...", help="Also a board for each value of these columns."
    )
    window: Window | None = option(
        None, help="Also a board for each stretch of time, and how ratings moved between them."
    )
    group: str | None = option(
        None,
        metavar="country|open|lab|family|FILE.csv",
        help="Also the ratings of groups of models, and the gaps between them. FILE.csv has the "
        "columns model and group.",
    )
    trust: bool = option(
        False,
        help="Also what could overturn the board: few votes, sides, misfit, voters. The HTML page "
        "always has it.",
    )
    judge: Any = option(
        None,
        read=_judge,
        metavar="VOTES",
        help="Votes of a judge on these and more comparisons, corrected by VOTES.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
