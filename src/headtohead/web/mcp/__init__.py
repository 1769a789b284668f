"""Answers inside other tools: what an assistant may ask by the Model Context Protocol."""
