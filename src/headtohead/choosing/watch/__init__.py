"""What becomes of the models a team uses: what goes, what changes price, what to take instead."""
