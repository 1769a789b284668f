"""Trading: seasons and backtests judged against luck, and agents of one's own on frozen history."""
