"""One thread for each process of the tests, which what they start inherits.

Two workers whose small matrices each wait for two threads are fifty times slower, and joining small
tables takes twice the time. The libraries look once, as they are imported: this module comes first.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")
