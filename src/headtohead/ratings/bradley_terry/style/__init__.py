"""Style control: strengths at equal style, from votes read a chunk at a time."""
