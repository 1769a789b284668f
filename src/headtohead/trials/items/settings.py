"""What may be chosen when the items of a test are looked at."""

from dataclasses import dataclass

from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option
from headtohead.trials.words import FileChoices, at_least, check_level, margin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsSettings(FileChoices):
    """Every choice about the items of a test, each said at its field.

    Raises:
        InputError: If a choice lies outside its range.
    """

    margin: float = option(
        0.03,
        read=margin_of,
        metavar="MARGIN",
        help="How far the score foretold from a few items may lie from the full score: 3pp, 0.03.",
    )
    k: int | None = option(
        None,
        metavar="ITEMS",
        help="List this many items, whatever margin they reach; else as many as the margin takes.",
    )
    level: float = option(
        0.95, metavar="SHARE", help="Coverage of the intervals, and of the margin for a new model."
    )
    seed: int = option(0, metavar="N", help="Decides which models are held out together.")

    def __post_init__(self) -> None:
        check_choices(self)
        check_level(self.level)
        if not self.margin > 0:
            raise InputError("`margin` is 0; only all items give the full score exactly.")
        at_least(self, k=1, seed=0)
