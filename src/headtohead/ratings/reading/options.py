"""What a user may say about votes: their format, their columns, and which of them count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from headtohead.core.dates import day
from headtohead.core.errors import UnknownName
from headtohead.core.settings import check_choices, option

Repeats = Literal["publisher", "id", "prompt", "off"]
OnBad = Literal["error", "drop"]
BothBad = Literal["tie", "drop"]
Window = Literal["day", "week", "month", "quarter"]

SIDES = ("model_a", "model_b", "winner")
WORDS = ("voter", "prompt", "time", "language", "id")
WINNERS = ("winner.a", "winner.b", "winner.tie", "winner.both_bad", "winner.is")


@dataclass(frozen=True, slots=True)
class VoteOptions:
    """How to read votes. The defaults suit every format.

    `columns` leads from a canonical word (model_a, model_b, winner, voter, prompt, time, language,
    id) to a column; from `winner.a`, `winner.b`, `winner.tie` and `winner.both_bad` to the value
    that says so, several split by `|`; from `winner.is` to "side" or "name".

    Raises:
        InputError: If a choice does not exist.
    """

    format: str = option(
        "auto",
        metavar="auto|plain|lmarena|...",
        help="Layout of the votes; auto recognises it by the columns.",
    )
    columns: Mapping[str, str] = option(
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
        for word in self.columns:
            if word not in (*SIDES, *WORDS, *WINNERS):
                raise UnknownName("word of `columns`", word, (*SIDES, *WORDS, *WINNERS))
        kind = self.columns.get("winner.is", "side")
        if kind not in ("side", "name"):
            raise UnknownName("kind of winner", kind, ("side", "name"))
