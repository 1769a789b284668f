"""Validators for traps seen in real benchmark data: data in, findings out; knows no format."""

from headtohead.traps.countries import (
    countries,
    countries_of,
    propose_country,
    split_countries,
)
from headtohead.traps.eras import Run, Shift, eras, shift
from headtohead.traps.finding import Finding
from headtohead.traps.headlines import ItemMean, headlines, item_mean
from headtohead.traps.name_columns import NameColumn, judge_names, name_columns
from headtohead.traps.repeats import repeats
from headtohead.traps.scales import scales
from headtohead.traps.silent import silent_zeros
from headtohead.traps.zeros import Stretch, stretches, zeros

__all__ = [
    "Finding",
    "ItemMean",
    "NameColumn",
    "Run",
    "Shift",
    "Stretch",
    "countries",
    "countries_of",
    "eras",
    "headlines",
    "item_mean",
    "judge_names",
    "name_columns",
    "propose_country",
    "repeats",
    "scales",
    "shift",
    "silent_zeros",
    "split_countries",
    "stretches",
    "zeros",
]
