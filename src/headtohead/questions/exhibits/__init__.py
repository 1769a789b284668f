"""The sections of the report, one file each: a SECTION and the builders of its charts."""
