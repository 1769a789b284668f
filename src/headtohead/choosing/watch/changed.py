"""What has changed since last time: one picture of a stack then, one now, and their differences.

A picture holds what was known of each model: what its name means, its price, the days of its
retirement, its licence. It is made of the evidence known on a day, or read from the file of the
last run.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from headtohead.choosing.watch.ahead import tokens_usd
from headtohead.choosing.watch.stack import UsedModel
from headtohead.core.errors import InputError
from headtohead.evidence.words import model_name
from headtohead.files.opening import content
from headtohead.publish.words import listed

_FORMAT = 1


class ModelPicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was known of one model of a stack.

    Attributes:
        model: The id that its name stood for.
        seller: Who asked the price, in words; empty if there was none.
        usd_per_mtok: Kind of token -> US dollars per million; empty if no price was known.
        price: The same in words, with its hours.
        price_known_on: The day it was listed first; None if no price was known, or no list says.
        retirements: Day -> who says so.
        retires_known_on: The last day on which one of them was stated.
        licence: As an SPDX expression; empty if not known.
    """

    model: str
    seller: str = ""
    usd_per_mtok: dict[str, float] = {}
    price: str = ""
    price_known_on: date | None = None
    retirements: dict[str, str] = {}
    retires_known_on: date | None = None
    licence: str = ""


class StackPicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was known of a stack on a day; `models` is by the key of each."""

    format: int = _FORMAT
    as_of: date
    models: dict[str, ModelPicture]


@dataclass(frozen=True, slots=True)
class StackChange:
    """One thing that is otherwise than last time.

    Attributes:
        kind: price, retirement, alias, licence or stack.
        model: The name as the team calls it.
        says: A sentence.
        known_on: The day it was known.
        month_usd: How much more the model's tokens cost a month; None where that does not change
            or is not known.
    """

    kind: str
    model: str
    says: str
    known_on: date
    month_usd: float | None = None


def changes(
    before: StackPicture, after: StackPicture, models: Sequence[UsedModel]
) -> Iterator[StackChange]:
    """What is otherwise, model by model in the order of the stack."""
    for use in models:
        now, then = after.models[use.key], before.models.get(use.key)
        if then is None:
            says = f"{use.name} is new in the stack since {before.as_of}."
            yield StackChange("stack", use.name, says, after.as_of)
            continue
        yield from _changed(use, then, now, after.as_of)


def _changed(
    use: UsedModel, then: ModelPicture, now: ModelPicture, as_of: date
) -> Iterator[StackChange]:
    name = use.name
    if now.model != then.model:
        meant = f"{model_name(now.model)}; before, it meant {model_name(then.model)}"
        yield StackChange("alias", name, f"{name} now means {meant}.", as_of)
    if now.usd_per_mtok != then.usd_per_mtok or now.price != then.price:
        yield _price_change(use, then, now, as_of)
    known_on = now.retires_known_on or as_of
    new, old = set(now.retirements), set(then.retirements)
    if new - old:
        said = listed(f"{day} by {now.retirements[day]}" for day in sorted(new - old))
        moved = f"; before, it was {listed(sorted(old), 'or')}" if old else ""
        says = f"{name} {'now ' * bool(old)}retires on {said}{moved}."
        yield StackChange("retirement", name, says, known_on)
    elif old - new:
        said = listed(sorted(old - new), "or")
        left = f"; {listed(sorted(new), 'or')} stands" if new else ""
        says = f"{name} no longer retires on {said}{left}."
        yield StackChange("retirement", name, says, as_of)
    if now.licence != then.licence and now.model == then.model:
        was, is_now = (one.licence or "not known" for one in (then, now))
        yield StackChange(
            "licence", name, f"The licence of {name} is {is_now}; before, it was {was}.", as_of
        )


def _price_change(
    use: UsedModel, then: ModelPicture, now: ModelPicture, as_of: date
) -> StackChange:
    name = use.name
    if not now.price:
        says = f"No price of {name} is in force any more; before, it was {then.price}."
        return StackChange("price", name, says, as_of)
    where = f" at {now.seller}" if now.seller else ""
    known_on = now.price_known_on or as_of
    if not then.price:
        return StackChange("price", name, f"{name} has a price{where}: {now.price}.", known_on)
    was = then.price + (f" at {then.seller}" if then.seller != now.seller else "")
    says = f"{name}{where} costs {now.price} per million tokens; before, {was}"
    more = None
    if use.input_tokens is not None:
        # The tokens of the stack may have changed too: both prices are those of today's.
        more = tokens_usd(use, now.usd_per_mtok) - tokens_usd(use, then.usd_per_mtok)
        sign = "more" if more >= 0 else "less"
        says += f": ${abs(more):,.2f} {sign} a month"
    return StackChange("price", name, f"{says}.", known_on, more)


def read_state(path: Path, as_of: date) -> StackPicture | None:
    """The picture that the last run kept; None if there is no file yet.

    Raises:
        InputError: If the file is none of these, or of a later day.
    """
    if not path.exists():
        return None
    try:
        kept = msgspec.json.decode(content(path), type=StackPicture)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError(
            f"{path} was not written by `h2h watch`. Name another `state`, or delete it."
        ) from None
    if kept.format != _FORMAT:
        raise InputError(
            f"{path} was written by another version of h2h (format {kept.format}). Delete it, and "
            "use `since` once."
        )
    if kept.as_of > as_of:
        raise InputError(
            f"{path} is of {kept.as_of}, later than {as_of}. Choose that day or a later one, or "
            "another `state`."
        )
    return kept


def state_text(picture: StackPicture) -> str:
    """The picture as the file of a run holds it."""
    plain: Mapping[str, Any] = msgspec.to_builtins(picture)
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
