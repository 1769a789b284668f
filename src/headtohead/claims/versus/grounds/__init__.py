"""The six grounds on which two sides are compared, in the order of the card.

Each module has the lines of one ground: `lines(pair)`.
"""
