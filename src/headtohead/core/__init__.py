"""The words every other package uses; imports nothing of ours."""
