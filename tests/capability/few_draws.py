"""Indexes with fewer joint draws than usual, for what does not hang on where an interval ends."""

from contextlib import AbstractContextManager
from unittest.mock import patch

from headtohead.capability.settings import IndexSettings

# As few as an index may be drawn.
FEW = 100


def drawing(draws: int = FEW) -> AbstractContextManager[object]:
    """Make every index with this many joint draws; the point values are the same with any."""
    return patch.dict(IndexSettings.__init__.__kwdefaults__, draws=draws)
