"""Sends logged requests to a candidate model and keeps every answer that was paid for."""
