"""Questions that any section may ask: cited figures, and how a lead ran over a window."""
