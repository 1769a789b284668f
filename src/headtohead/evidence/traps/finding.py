"""What a validator says: the trap, where it is, the numbers, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One trap found in data.

    Attributes:
        trap: Short id of the trap, the name of the file that looks for it.
        affects: The names or rows concerned, in the order of the data.
    """

    trap: str
    where: str
    what: str
    fix: str
    affects: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.fix}"
