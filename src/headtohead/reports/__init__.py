"""One file per page or section: results to HTML, Markdown and JSON."""
