"""Votes in any engine that Ibis speaks to (DuckDB, Spark, ...): only sums ever leave it."""

from headtohead.files.tables import is_engine_table
from headtohead.ratings.engines.opening import ENGINES
from headtohead.ratings.engines.votes import EngineVotes, open_engine

__all__ = ["ENGINES", "EngineVotes", "is_engine_table", "open_engine"]
