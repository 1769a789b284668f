"""How many items a trial needs, and what they cost."""
