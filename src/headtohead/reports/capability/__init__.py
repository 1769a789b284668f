"""An index of models, and the gap between two sides of it: results, and their text."""
