"""What it costs to serve a model on one's own machines."""
