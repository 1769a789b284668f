"""Questions about openness."""
