"""What every server of the package stands on: a process beside it, limits, headers, refusals."""
