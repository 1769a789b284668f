"""`h2h`: one thin command per verb; the only place, with web, that knows what day it is."""

from headtohead.cli import (  # their verbs join the group when they are imported
    capability,
    commands,
    compare,
    plan,
    rank,
    switch,
)
from headtohead.cli.group import main

__all__ = ["capability", "commands", "compare", "main", "plan", "rank", "switch"]
