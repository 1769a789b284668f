"""Can B stand in for A, what does it save, and how sure are we?"""

__version__ = "0.1.0"
