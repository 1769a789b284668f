"""What questions about capability share: the matrix of scores, its index, and two frontiers."""
