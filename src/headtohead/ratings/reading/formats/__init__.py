"""One file per layout of votes: a FORMAT and layout(columns) -> where they are."""
