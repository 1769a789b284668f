"""What a server refuses, with the status of HTTP that says so."""

from headtohead.core.errors import InputError


class Refused(InputError):
    """What was asked for is not to be had.

    Attributes:
        status: The HTTP status that says so.
        wait_s: Seconds to wait before it may be asked for again; 0 if that does not help.
    """

    def __init__(self, message: str, status: int, wait_s: float = 0.0) -> None:
        self.status, self.wait_s = status, wait_s
        super().__init__(message)


def too_fast(wait_s: float) -> Refused:
    """The refusal of more requests than a person makes."""
    seconds = max(1, round(wait_s))
    return Refused(f"That was too fast. Wait {seconds} s, then go on.", 429, wait_s)
