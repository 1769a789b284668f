"""`python -m headtohead`."""

from headtohead.cli import main

main()
