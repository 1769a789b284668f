"""How many items a comparison needs, before money is spent on them."""

from headtohead.trials.power.binary import (
    binary_power,
    least_margin_binary,
    plan_binary,
    plan_preference,
)
from headtohead.trials.power.design import Plan, items_for_pairs
from headtohead.trials.power.graded import graded_power, least_margin_graded, plan_graded
from headtohead.trials.power.pilot import (
    Guess,
    discordance_from_pilot,
    likeness_from_pilot,
    sd_from_pilot,
)

__all__ = [
    "Guess",
    "Plan",
    "binary_power",
    "discordance_from_pilot",
    "graded_power",
    "items_for_pairs",
    "least_margin_binary",
    "least_margin_graded",
    "likeness_from_pilot",
    "plan_binary",
    "plan_graded",
    "plan_preference",
    "sd_from_pilot",
]
