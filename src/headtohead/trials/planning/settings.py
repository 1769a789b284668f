"""What may be chosen in a plan."""

from dataclasses import dataclass

from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option
from headtohead.trials.words import FileChoices, Kind, at_least, difference_of, margin_option


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings(FileChoices):
    """Every choice of a plan, each said at its field.

    Raises:
        InputError: If a choice lies outside its range.
    """

    margin: float = margin_option()
    kind: Kind | None = option(None, help="Of outcome; the next three say it too.")
    discordance: float | None = option(
        None, metavar="SHARE", help="Share of items that only one of the two solves, 0 to 1."
    )
    sd: float | None = option(
        None,
        metavar="SD",
        help="Standard deviation of the difference by item, for graded scores.",
    )
    ties: float | None = option(None, metavar="SHARE", help="Share of votes that are ties.")
    pilot: tuple[str, ...] = option(
        (),
        many=True,
        metavar="FILE",
        help="Twice: result files of A and B on a few items, instead of those three.",
    )
    confidence: float = option(
        0.8,
        metavar="SHARE",
        help="How sure to be that the pilot's spread is not larger, above 0.5.",
    )
    difference: float = option(
        0.0,
        read=difference_of,
        metavar="DIFFERENCE",
        help="What B minus A is taken to be: -1pp.",
    )
    power: float = option(0.8, metavar="SHARE", help="Chance of a yes.")
    level: float = option(0.95, metavar="SHARE", help="Of the two-sided interval that will decide.")
    repeats: int = option(
        1, metavar="N", older="tries", help="How often each model runs each item."
    )
    icc: float | None = option(
        None,
        metavar="SHARE",
        help="How alike repeats of one item are, 0 to 1; from the pilot, else 0.5.",
    )
    items: int | None = option(
        None, metavar="N", help="Items at hand: also the smallest margin they would show."
    )
    models: tuple[str, ...] = option((), metavar="A,B", help="Also what the sample costs on these.")
    input_tokens: float | None = option(
        None, metavar="N", help="Of a request; a pilot's own if left out."
    )
    output_tokens: float | None = option(
        None, metavar="N", help="Of an answer, reasoning included; a pilot's own if left out."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        shares = (("power", self.power), ("level", self.level), ("confidence", self.confidence))
        for name, share in shares:
            if not 0 < share < 1:
                raise InputError(f"`{name}` is {share}; it must be between 0 and 1.")
        at_least(self, repeats=1)
        if self.items is not None and self.items < 2:
            raise InputError(f"`items` is {self.items}, which shows nothing; give 2 or more.")
        at_least(self, items=2)
        for name, tokens in (
            ("input_tokens", self.input_tokens),
            ("output_tokens", self.output_tokens),
        ):
            if tokens is not None and not 0 <= tokens < 1e12:
                raise InputError(f"`{name}` is {tokens}; it must be a number of 0 or more.")
