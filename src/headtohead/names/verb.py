"""The verb about names: what a spelling means."""

from dataclasses import replace

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.names.names import Names, Resolution


def explain_name(name: str, *, on: Day | None = None, provider: str | None = None) -> Resolution:
    """Which model, lab, mode and channel a name means, and by which rule.

    Args:
        name: Any spelling.
        on: The day it was used on; moving aliases depend on it.
        provider: Who uses it, where the name alone does not say.

    Returns:
        The resolution; with names that are spelt alike where it is unmatched, or with the newest
            models where it names a lab, a country or a family.
    """
    names = Names.load()
    found = names.resolve(name, on=dates.day(on) if on else None, provider=provider)
    if found.status != "unmatched":
        return found
    group = names.group(name)
    steps = (*found.steps, group.says) if group else found.steps
    return replace(found, steps=steps, suggestions=names.alike(name))
