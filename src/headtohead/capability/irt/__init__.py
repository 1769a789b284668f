"""Item response models: one scale for models and benchmarks, and for models and items."""
