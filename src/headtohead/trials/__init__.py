"""Evidence that users make themselves: each trial writes rows with provenance of its own."""
