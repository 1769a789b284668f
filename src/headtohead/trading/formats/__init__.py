"""Layouts of trades and account values: one module each, found by listing the folder."""
