"""What chips, servers, networks and energy of a training run cost.

The method of Epoch AI: hardware wears off as fast as new hardware gets cheaper, 0.14 orders of
magnitude (32%) a year; a server costs 1.64 times its chips; the network between servers is 19% of
a cluster.

References:
    Cottier, B. et al. (2024). The rising costs of training frontier AI models. arXiv:2405.21015;
    code at github.com/epoch-research/training-cost-trends, of 2026-04-01.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DECLINE_OOM = 0.14  # orders of magnitude a year
NETWORK_SHARE = 0.19  # of a cluster's cost
_DAYS_A_YEAR = 365.25
_HOURS_A_YEAR = 24 * _DAYS_A_YEAR
_DELAY = timedelta(days=90)  # from a chip's release until somebody had it
_OVERHEAD = {"A100": 1.66, "V100": 1.69, "P100": 1.54}  # of a server over its chips
_OVERHEAD_ELSE = 1.64
# Power of a server over that of its chips, at full load.
_SERVER_POWER = {
    "H100": 10.2 / 8 / 0.7,
    "A100": 6.5 / 8 / 0.4,
    "V100": (10 / 16 / 0.3 + 1.5 / 4 / 0.3) / 2,
    "TPU v1": 2.93,
    "TPU v2": 1.64,
    "TPU v3": 1.47,
    "TPU": 1.56,
}
_SERVER_POWER_ELSE = 1.8
_TPU_LOAD, _LOAD = 0.43, 0.75  # of full load, while training
_LARGE_SITES = ("google", "deepmind", "microsoft", "amazon", "meta", "facebook")
_LARGE_OVERHEAD, _OVERHEAD_OF_POWER = 1.1, 1.25  # of a site over its servers
# US industrial electricity, dollars per kWh, by year (US Energy Information Administration).
_FIRST_YEAR = 2010
_USD_PER_KWH = (
    *(0.0677, 0.0682, 0.0667, 0.0689, 0.0710, 0.0691, 0.0676, 0.0688),
    *(0.0692, 0.0681, 0.0667, 0.0718, 0.0832, 0.0806, 0.0771, 0.0826),
)
# Usual discounts for a year and for three, by seller.
DISCOUNTS = {
    "Amazon Web Services": (0.41, 0.64),
    "Google Cloud": (0.37, 0.56),
    "Microsoft Azure": (0.25, 0.49),
}
_DISCOUNTS_ELSE = (0.34, 0.56)
_CLOUD_OF = {
    "google": "Google Cloud",
    "deepmind": "Google Cloud",
    "microsoft": "Microsoft Azure",
    "openai": "Microsoft Azure",
}
_FIRST = ("Amazon Web Services", "Microsoft Azure", "Google Cloud")
_CONTRACTS = ("three_years", "one_year", "on_demand")
NEAR_DAYS = 365  # quotes so near a day tell how far prices lay apart


@dataclass(frozen=True, slots=True)
class TrainingChip:
    """What a cost needs of a chip.

    Attributes:
        tflop_per_s: Dense, 16-bit.
    """

    name: str
    tflop_per_s: float | None
    power_w: float | None
    released_on: date | None

    @property
    def kind(self) -> str:
        """The chip whatever its board: "A100"; the whole name where none stands out."""
        return kind_of(self.name)


def kind_of(name: str) -> str:
    """The chip in a printed name: "H100" of "NVIDIA H100 SXM5 80GB"."""
    found = re.search(r"\b[A-Z]{1,2}\d{2,3}[A-Z]?\b", name)
    return found[0] if found else name


@dataclass(frozen=True, slots=True)
class ChipQuote:
    """A price of a chip on a day.

    Attributes:
        contract: "purchase", or one of `_CONTRACTS`.
        usd: To buy, or an hour.
        single: Whether a chip was priced without its part of a server.
    """

    chip: str
    vendor: str
    contract: str
    usd: float
    on: date
    verified: bool
    single: bool = False


def _of_kind(chip: str, table: Mapping[str, float], otherwise: float) -> float:
    return next((value for name, value in table.items() if name in chip), otherwise)


def purchases(chip: TrainingChip, quotes: Sequence[ChipQuote]) -> list[tuple[float, date]]:
    """(dollars a chip with its part of a server, the day it could first be had so), in order."""
    first = (chip.released_on or date.min) + _DELAY if chip.released_on else date.min
    is_tpu = "TPU" in chip.name
    found = []
    for quote in sorted(quotes, key=lambda q: q.on):
        if quote.contract != "purchase" or not (quote.verified or is_tpu):
            continue
        if (quote.chip != chip.name) if is_tpu else (kind_of(quote.chip) != chip.kind):
            continue
        usd = quote.usd * (_of_kind(chip.name, _OVERHEAD, _OVERHEAD_ELSE) if quote.single else 1)
        day = (chip.released_on or quote.on) if is_tpu else max(first, quote.on)
        found.append((usd, day))
    return found


def worn(usd: float, bought_on: date, used_from: date) -> float:
    """What is left of a price when the use begins; all of it where that is no later."""
    years = max(0, (used_from - bought_on).days) / _DAYS_A_YEAR
    return float(usd * 10 ** (-DECLINE_OOM * years))


def hardware_per_hour(usd: float) -> float:
    """Wear of a chip with its part of a server and of the network, in dollars an hour."""
    return usd * DECLINE_OOM * math.log(10) / _HOURS_A_YEAR / (1 - NETWORK_SHARE)


def energy_per_hour(chip: TrainingChip, organisation: str, year: int) -> float | None:
    """Energy of a chip with its part of server and site, in dollars an hour; None if not known."""
    if chip.power_w is None:
        return None
    large = any(name in organisation.lower() for name in _LARGE_SITES)
    kilowatts = (
        chip.power_w
        / 1000
        * _of_kind(chip.name, _SERVER_POWER, _SERVER_POWER_ELSE)
        * (_TPU_LOAD if "TPU" in chip.name else _LOAD)
        * (_LARGE_OVERHEAD if large else _OVERHEAD_OF_POWER)
    )
    place = min(max(year - _FIRST_YEAR, 0), len(_USD_PER_KWH) - 1)
    return kilowatts * _USD_PER_KWH[place]


def cloud_price(
    chip: TrainingChip, quotes: Sequence[ChipQuote], on: date, organisation: str
) -> tuple[ChipQuote, float] | None:
    """The quote that counts on a day, and what it makes of a three-year contract, an hour.

    Three-year quotes come first, then the lab's own cloud, then the large ones; of one seller the
    last quote before the day, else the first after it. None if nobody quoted the chip.
    """
    every = [q for q in quotes if q.contract != "purchase" and kind_of(q.chip) == chip.kind]
    # Other boards of the chip only count where nobody quotes this one.
    names = (chip.name, f"NVIDIA {chip.kind}")
    rented = [q for q in every if q.chip in names] or every
    home = next((v for lab, v in _CLOUD_OF.items() if lab in organisation.lower()), "")
    sellers = dict.fromkeys((home, *_FIRST, *sorted({q.vendor for q in rented})))
    for contract in _CONTRACTS:
        for seller in sellers:
            own = [q for q in rented if (q.contract, q.vendor) == (contract, seller)]
            exact = [q for q in own if q.chip == chip.name] or own
            if exact:
                before = [q for q in exact if q.on <= on]
                chosen = max(before, key=_day) if before else min(exact, key=_day)
                return chosen, three_year(chosen)
    return None


def _day(quote: ChipQuote) -> date:
    return quote.on


def three_year(quote: ChipQuote) -> float:
    """What a quote makes of a three-year contract, by its seller's usual discounts."""
    one, three = DISCOUNTS.get(quote.vendor, _DISCOUNTS_ELSE)
    now = {"on_demand": 0.0, "one_year": one, "three_years": three}[quote.contract]
    return quote.usd * (1 - three) / (1 - now)
