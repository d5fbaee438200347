"""What retrieval, highlighting and refusing are worth on public collections: `python -m eval.quality`, docs/quality.md."""
