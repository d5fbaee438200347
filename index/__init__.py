"""How articles become searchable: read, cut into passages, embedded, indexed for both legs, stored."""

from typing import TYPE_CHECKING

from index.lazy import lazy_names

if TYPE_CHECKING:
    from index.article import Article, Kind, Passage, Span
    from index.build import BadSourcesError, Built, build_index, is_current
    from index.cleanup import CleanText, clean_up
    from index.encoder import DEFAULT_MODEL, Encoder, open_encoder
    from index.errors import EncoderError, GoldError, IndexFolderError, QuestionError, SourceError, UserError
    from index.filter import Filter
    from index.index import Index
    from index.sources import find_sources, read_sources

_HOMES = {
    "DEFAULT_MODEL": "index.encoder",
    "Article": "index.article",
    "BadSourcesError": "index.build",
    "Built": "index.build",
    "CleanText": "index.cleanup",
    "Encoder": "index.encoder",
    "EncoderError": "index.errors",
    "Filter": "index.filter",
    "GoldError": "index.errors",
    "Index": "index.index",
    "IndexFolderError": "index.errors",
    "Kind": "index.article",
    "Passage": "index.article",
    "QuestionError": "index.errors",
    "SourceError": "index.errors",
    "Span": "index.article",
    "UserError": "index.errors",
    "build_index": "index.build",
    "clean_up": "index.cleanup",
    "find_sources": "index.sources",
    "is_current": "index.build",
    "open_encoder": "index.encoder",
    "read_sources": "index.sources",
}

__all__ = [
    "DEFAULT_MODEL",
    "Article",
    "BadSourcesError",
    "Built",
    "CleanText",
    "Encoder",
    "EncoderError",
    "Filter",
    "GoldError",
    "Index",
    "IndexFolderError",
    "Kind",
    "Passage",
    "QuestionError",
    "SourceError",
    "Span",
    "UserError",
    "build_index",
    "clean_up",
    "find_sources",
    "is_current",
    "open_encoder",
    "read_sources",
]

__getattr__ = lazy_names(__name__, _HOMES)
