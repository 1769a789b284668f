"""Any two, side by side: models, labs, families, countries, or open and closed weights."""
