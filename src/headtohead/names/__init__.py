"""From a spelling to a model, mode, lab and country, on a day."""
