"""Which model to take: what satisfies a team, by what it can do, what it costs and its terms."""
