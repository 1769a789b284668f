"""One file per publisher: a SOURCE descriptor and parse(raw) -> rows of declared tables."""
