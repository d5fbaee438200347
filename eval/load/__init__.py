"""The page under load: many people ask at once, for long, while the index is replaced."""
