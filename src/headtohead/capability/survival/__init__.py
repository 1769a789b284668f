"""Frontiers over time: records, lags, catch-up times and gaps, each from joint draws."""
