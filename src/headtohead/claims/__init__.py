"""The rules that turn estimates into verdicts."""
