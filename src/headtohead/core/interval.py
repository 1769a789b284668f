"""A value with the ends of its interval."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate and the ends of its interval.

    Attributes:
        value: The point estimate; inf only where none exists (a median never reached).
        low: Lower end; -inf where nothing bounds it.
        high: Upper end; inf where nothing bounds it.

    Raises:
        ValueError: If one is not a number, or `value` lies outside.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low} <= {self.value} <= {self.high} does not hold")

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low if self.high > self.low else 0.0

    def rescaled(self, by: float, plus: float = 0.0) -> "Interval":
        """The interval in another unit: every part times `by`, then plus `plus`.

        Args:
            by: Above 0, so that the ends keep their order.
            plus: Where 0 goes.
        """
        return Interval(self.value * by + plus, self.low * by + plus, self.high * by + plus)
