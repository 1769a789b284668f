"""Two or more runs on the same items: differences, verdicts, slices, ranks and costs."""
