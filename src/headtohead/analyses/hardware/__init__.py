"""Questions about hardware."""
