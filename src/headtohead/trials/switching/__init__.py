"""May the candidate take over logged traffic: replay, score, stop when decided, sum up."""
