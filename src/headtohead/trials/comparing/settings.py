"""What may be chosen in a comparison of runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option
from headtohead.trials.words import FileChoices, at_least, check_level, margin_option

Goal = Literal["non-inferiority", "equivalence", "superiority"]
Missing = Literal["leave-out", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareSettings(FileChoices):
    """Every choice of a comparison, each said at its field.

    Raises:
        InputError: If a choice lies outside its range or contradicts another.
    """

    margin: float = margin_option()
    two_sided: bool = option(False, help="Ask whether they differ by less than the margin.")
    better: bool = option(False, help="Ask whether B is better; the margin plays no part.")
    level: float = option(
        0.95,
        metavar="SHARE",
        help="Coverage of the intervals; a verdict errs half as often as they do.",
    )
    slices: tuple[str, ...] = option(
        (),
        flag="--slice",
        metavar="LABEL,...",
        help="Also by these labels, corrected for how many values they have.",
    )
    cluster: str = option(
        "",
        metavar="LABEL",
        help="Items with one value of this label go together (a document, a customer).",
    )
    same: tuple[str, ...] = option(
        (),
        metavar="LABEL,...",
        help="Refuse to compare unless these labels have the same values on both sides.",
    )
    shared: bool = option(
        False, help="Compare the items that both have, although others are only in one."
    )
    unpaired: bool = option(False, help="Do not match items: two independent samples.")
    missing: Missing = option("leave-out", help="What becomes of items without a score.")
    scorer: str = option(
        "",
        metavar="SCORER",
        help="Score the answers first: exact, regex:PATTERN, json-schema:FILE, python:FILE:F.",
    )
    many: bool = option(
        False, help="Compare all runs with each other, with tie groups, and cost with score."
    )
    mapping_b: Mapping[str, str] = option(
        factory=dict,
        flag="--map-b",
        metavar="FIELD=COLUMN",
        help="`mapping` for B, where its columns have other names.",
    )
    prices: bool = option(
        False, help="Price tokens at list prices where a file does not say what calls cost."
    )
    every_eval_ever: str = option(
        "", metavar="FOLDER", help="Also write the runs that were read as Every Eval Ever there."
    )
    seed: int = option(0, help="Of the bootstrap.")

    def __post_init__(self) -> None:
        check_choices(self)
        if self.two_sided and self.better:
            raise InputError("Choose one of `two_sided` and `better`.")
        if self.unpaired and self.shared:
            raise InputError("Choose one of `unpaired` and `shared`: unpaired matches no items.")
        check_level(self.level)
        at_least(self, seed=0)

    @property
    def goal(self) -> Goal:
        """What is asked.

        "non-inferiority": B is at most the margin worse; "equivalence": neither is more than the
        margin better; "superiority": B is better.
        """
        if self.two_sided:
            return "equivalence"
        return "superiority" if self.better else "non-inferiority"
