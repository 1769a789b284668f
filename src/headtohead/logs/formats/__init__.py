"""One file per format of results or logs: FORMAT and read(file)."""
