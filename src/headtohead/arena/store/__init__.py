"""The file of an arena: one SQLite database, and the one place that speaks SQL to it."""
