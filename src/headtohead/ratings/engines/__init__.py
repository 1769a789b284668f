"""Votes in any engine that Ibis speaks to (DuckDB, Spark, ...): only sums ever leave it."""

from headtohead.ratings.engines.opening import ENGINES
from headtohead.ratings.engines.votes import EngineVotes, open_engine
from headtohead.ratings.reading.tables import is_engine_table

__all__ = ["ENGINES", "EngineVotes", "is_engine_table", "open_engine"]
