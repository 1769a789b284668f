"""Questions about investment."""
