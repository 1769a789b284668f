"""Validators for traps seen in real benchmark data: data in, findings out; knows no format."""

from headtohead.evidence.traps.countries import (
    countries,
    countries_of,
    propose_country,
    split_countries,
)
from headtohead.evidence.traps.eras import Run, Shift, eras, shift
from headtohead.evidence.traps.finding import Finding
from headtohead.evidence.traps.headlines import ItemMean, headlines, item_mean
from headtohead.evidence.traps.name_columns import NameColumn, judge_names, name_columns
from headtohead.evidence.traps.scales import repeats, scales
from headtohead.evidence.traps.zeros import Stretch, silent_zeros, stretches, zeros

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
