"""A ranking as a page, as JSON, as CSV and as lines for a terminal."""
