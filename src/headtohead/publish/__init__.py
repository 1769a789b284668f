"""The one way to show a result: sheets, and what makes text, pages and files of them."""
