"""How articles become searchable: read, cut into passages, embedded, indexed for both legs, stored."""

from index.article import Article, Kind, Passage, Span
from index.build import BadSourcesError, Built, build_index, is_current
from index.cleanup import CleanText, clean_up
from index.encoder import DEFAULT_MODEL, Encoder, open_encoder
from index.errors import EncoderError, GoldError, IndexFolderError, QuestionError, SourceError, UserError
from index.index import Index
from index.sources import find_sources, read_sources

__all__ = [
    "DEFAULT_MODEL",
    "Article",
    "BadSourcesError",
    "Built",
    "CleanText",
    "Encoder",
    "EncoderError",
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
