"""Questions about impact."""
