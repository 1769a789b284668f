"""Agents that trade recorded candles by their own decisions: `h2h trade run`."""
