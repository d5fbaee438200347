"""Fits the change of the encoder's weights that tells whether a passage answers (index/reader.py)."""
