"""What training a model cost, by method and scope."""
