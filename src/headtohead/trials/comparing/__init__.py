"""Two runs, or more, on the same items: paired, compared, and judged at a margin."""
