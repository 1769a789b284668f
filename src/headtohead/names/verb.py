"""The verb about names: what a spelling means."""

from dataclasses import replace

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.settings import takes
from headtohead.names.names import Names, Resolution
from headtohead.names.reading import key


@takes()
def explain_name(name: str, *, on: Day | None = None, provider: str | None = None) -> Resolution:
    """Which model, lab, mode and channel a name means, and by which rule.

    Args:
        name: Any spelling.
        on: The day it was used on; moving aliases depend on it.
        provider: Who uses it, where the name alone does not say.

    Returns:
        The resolution; with names that are spelt alike where it is unmatched, or with models of
            the lab, country or family that it names.
    """
    names = Names.load()
    meaning = names.resolve(name, on=dates.day(on, "on") if on else None, provider=provider)
    if meaning.status != "unmatched":
        return meaning
    group = names.group(name)
    says = group.says if group else ""
    steps = (*meaning.steps, says) if says else meaning.steps
    # A moving name is listed, and yet stands for no model on some days.
    others = tuple(one for one in names.alike(name) if key(one) != key(name))
    return replace(meaning, steps=steps, suggestions=others, group=says)
