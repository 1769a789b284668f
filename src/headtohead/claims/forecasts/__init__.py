"""Forecasts: how each resolved, and how good its probabilities were against simple ones."""
