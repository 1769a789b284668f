"""Blind votes of one's own: two answers side by side, a live leaderboard, and a stop meter."""
