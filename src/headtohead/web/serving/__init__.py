"""The server of the site: it makes pages when they are asked for, and keeps those it made."""
