"""The only door to the database: ingest, as-of reads, catalogue."""
