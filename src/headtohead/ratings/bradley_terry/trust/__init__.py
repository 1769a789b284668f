"""What could overturn a board, and how a judge may help: nothing here makes a rating of its own."""
