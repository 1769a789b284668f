"""Estimators: arrays in, numbers out; knows nothing of models or countries."""
