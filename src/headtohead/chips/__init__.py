"""Chips and the export rules: what a chip is by the rules in force on a day."""
