"""The server of an arena: its pages, its REST routes, and who may do what."""
