"""Bradley-Terry on pair counts: strengths, errors, rank sets, and what could overturn them."""

from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells, covariance
from headtohead.ratings.bradley_terry.fit import Fit, expected, fit
from headtohead.ratings.bradley_terry.links import TIES, Ties
from headtohead.ratings.bradley_terry.shape import Shape, shape

__all__ = [
    "OUTCOMES",
    "TIES",
    "ClusterCells",
    "Counts",
    "Fit",
    "Shape",
    "Ties",
    "covariance",
    "expected",
    "fit",
    "shape",
]
