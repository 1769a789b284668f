"""How open a model is: its weights, its licence and what that asks, its data, code and class."""
