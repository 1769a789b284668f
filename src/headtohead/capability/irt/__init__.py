"""Item response models: one scale for models and benchmarks, and for models and items."""

from headtohead.capability.irt.eci import ECI_ANCHORS, fit_eci, published_stop
from headtohead.capability.irt.functioning import Functioning, functioning
from headtohead.capability.irt.index import (
    Index,
    IndexScale,
    by_anchors,
    by_spread,
    check_fits,
    drawn_ends,
    drawn_interval,
    fit_eci_index,
    fit_index,
    fit_parts,
)
from headtohead.capability.irt.scores import Scores

__all__ = [
    "ECI_ANCHORS",
    "Functioning",
    "Index",
    "IndexScale",
    "Scores",
    "by_anchors",
    "by_spread",
    "check_fits",
    "drawn_ends",
    "drawn_interval",
    "fit_eci",
    "fit_eci_index",
    "fit_index",
    "fit_parts",
    "functioning",
    "published_stop",
]
