"""One test and many runs: which items tell models apart, and which few stand for all."""
