"""The one door to a user's files: open, recognise, decompress, records, values and their places."""
