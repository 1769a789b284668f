"""An index of models, and the gap between two sides of it: results, their text and their charts."""
