// Keys, streams and the rest of the pages of the arena; every step works without it.
