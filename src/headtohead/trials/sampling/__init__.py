"""Which logged requests are replayed: classes of tasks, and a weighted random order of items."""
