"""The verb about names: what a spelling means."""

from headtohead.core import arguments as asking
from headtohead.core.arguments import Day
from headtohead.names.names import Names, Resolution


def explain_name(name: str, *, on: Day | None = None, provider: str | None = None) -> Resolution:
    """Which model, lab, mode and channel a name means, and by which rule.

    Args:
        name: Any spelling.
        on: The day it was used on; moving aliases depend on it.
        provider: Who uses it, where the name alone does not say.
    """
    return Names.load().resolve(name, on=asking.day(on) if on else None, provider=provider)
