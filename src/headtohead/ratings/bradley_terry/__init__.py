"""Bradley-Terry on pair counts: strengths, standard errors, rank sets, what could overturn them.

Nothing is imported here: what ties may count as is also said by a settings class, which must load
without numpy.
"""

from typing import Literal

Ties = Literal["half", "drop", "davidson", "rao-kupper"]
TIES: tuple[Ties, ...] = ("half", "drop", "davidson", "rao-kupper")
