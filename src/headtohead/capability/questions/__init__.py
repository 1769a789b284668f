"""The questions that an index answers; `questions/performance` offers each under its name."""
