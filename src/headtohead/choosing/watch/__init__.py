"""What becomes of a team's models: what retires, what changes price, what to take instead."""
