"""`h2h prices`: what a call cost at a minute, whose list is wrong, and what a log should cost."""
