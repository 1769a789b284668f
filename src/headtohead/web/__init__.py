"""Serves reports and pages; holds nothing until the first page needs a server."""
