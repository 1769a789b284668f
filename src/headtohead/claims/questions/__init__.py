"""Which questions a claim can ask, with the words and values that each takes: `h2h questions`."""
