"""What may be said of a chip of one's own."""

from dataclasses import dataclass
from typing import Literal

from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipSettings:
    """A chip of one's own instead of a known one; figures left out are not known.

    Raises:
        InputError: If a figure is not above 0, or some are given without a speed.
    """

    tops: float | None = option(
        None, metavar="TOPS", help="Dense trillions of operations a second of a chip of your own."
    )
    bits: Literal["4", "8", "16", "32"] = option("16", help="Bit length of those operations.")
    die_mm2: float | None = option(None, metavar="MM2", help="Area of its logic dies.")
    memory_gb_per_s: float | None = option(None, metavar="GB/S", help="Its memory bandwidth.")
    io_gb_per_s: float | None = option(
        None, metavar="GB/S", help="Its links but memory, both directions together."
    )
    transistors_n: float | None = option(None, metavar="N", help="Its transistors.")
    data_centre: bool = option(
        True, flag="--consumer", off=True, help="It is neither designed nor sold for data centres."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        named = ("tops", "die_mm2", "memory_gb_per_s", "io_gb_per_s", "transistors_n")
        given = {name: getattr(self, name) for name in named}
        for name, value in given.items():
            if value is not None and not 0 < value < 1e15:
                raise InputError(
                    f"`{name}` is {value}; it must be a number above 0 and below 1e15."
                )
        if self.tops is None and (any(given.values()) or not self.data_centre):
            raise InputError("A chip of your own needs `tops`, its dense operations a second.")
