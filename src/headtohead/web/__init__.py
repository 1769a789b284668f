"""Pages for people who install nothing: a server, the same pages as files, REST."""
