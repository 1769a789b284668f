"""From files of results and logs to calls: one file a format, one door to all of them."""
