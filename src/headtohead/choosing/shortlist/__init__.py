"""Models and sellers that satisfy every condition, ranked, with those of which it is not known."""
