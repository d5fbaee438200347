"""From files of articles to an index in a folder."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from index.analyzer import ANALYZER_VERSION, analyze
from index.arrays import Vector, Vectors
from index.encoder import Encoder, encode_documents, encoder_name, token_budget, weights_hash
from index.errors import EncoderError, IndexFolderError, SourceError
from index.index import check_encoder, write_contents
from index.passages import CHUNKER_VERSION, make_passages
from index.searchers import DenseSearcher, LexicalSearcher
from index.sources import digest_sources, find_sources, read_sources
from index.store import FORMAT, Manifest, check_folder, read_manifest, verify_files, write_index

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is in all."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Shows nothing."""


_ENCODED_AT_ONCE = 64
_KEYS, _KEY_BYTES = "keys.npy", 16


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    manifest: Manifest
    reused: int
    warnings: tuple[str, ...]
    skipped: tuple[str, ...]


class BadSourcesError(SourceError):
    """Some files cannot be used. `problems` holds a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def build_index(
    paths: Sequence[str | os.PathLike[str]],
    folder: Path,
    encoder: Encoder,
    *,
    skip_bad: bool = False,
    progress: Progress = no_progress,
) -> Built:
    """Reads the articles of `paths` and writes their index into `folder`, in place of the one there.

    Vectors of passages that the index there already has, by the same encoder, are taken over. Raises
    BadSourcesError with a line for each file that cannot be used, unless `skip_bad`; SourceError if no article is
    left, EncoderError and IndexFolderError as the encoder and the folder give cause. The index that was there
    stays as it was if anything is raised.
    """
    check_folder(folder)
    files = find_sources(paths)
    reading = read_sources(files)
    if reading.problems and not (skip_bad and reading.drafts):
        raise BadSourcesError(reading.problems)
    try:
        budget = token_budget(encoder)
        made = make_passages(reading.drafts, budget)
    except ValueError as error:
        raise EncoderError(f"{encoder_name(encoder)}: {error}: use another with --model") from None
    if not made:
        raise SourceError(f"{', '.join(map(str, paths))}: the articles have no text: expected paragraphs")
    passages, texts = [each.passage for each in made], [each.text for each in made]
    keys = [hashlib.blake2b(text.encode(), digest_size=_KEY_BYTES).digest() for text in texts]
    vectors, reused = _vectors(texts, keys, encoder, folder, progress)
    dense = DenseSearcher.build(vectors)
    lexical = LexicalSearcher.build([analyze(text) for text in texts])
    articles = [draft.article for draft in reading.drafts]

    def write_files(scratch: Path) -> None:
        write_contents(scratch, articles, passages)
        dense.save(scratch)
        lexical.save(scratch)
        np.save(scratch / _KEYS, np.frombuffer(b"".join(keys), np.uint8).reshape(-1, _KEY_BYTES), allow_pickle=False)

    dates = sorted(article.published.isoformat() for article in articles if article.published)
    manifest = Manifest(
        format=FORMAT,
        build="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        encoder=encoder_name(encoder),
        weights=weights_hash(encoder),
        dimensions=vectors.shape[1],
        analyzer=ANALYZER_VERSION,
        chunker=CHUNKER_VERSION,
        articles=len(articles),
        passages=len(passages),
        truncated_tokens=budget.truncated(texts) if budget else 0,
        published=(dates[0], dates[-1]) if dates else None,
        paths=resolve(paths),
        sources=reading.digest,
        files={},
    )
    manifest = write_index(folder, manifest, write_files)
    return Built(manifest, reused, tuple(reading.warnings), tuple(reading.problems))


def is_current(folder: Path, paths: Sequence[str | os.PathLike[str]], encoder: Encoder) -> bool:
    """Whether the index in `folder` is of just these articles, as they are now, by this encoder and this version."""
    try:
        manifest = read_manifest(folder)
        check_encoder(folder, manifest, encoder)
    except IndexFolderError:
        return False
    versions = (manifest.analyzer, manifest.chunker) == (ANALYZER_VERSION, CHUNKER_VERSION)
    return versions and manifest.paths == resolve(paths) and manifest.sources == digest_sources(find_sources(paths))


def resolve(paths: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """The paths as an index remembers them: absolute."""
    return tuple(str(Path(path).resolve()) for path in paths)


def _vectors(
    texts: Sequence[str], keys: Sequence[bytes], encoder: Encoder, folder: Path, progress: Progress
) -> tuple[Vectors, int]:
    """The texts' unit vectors, and how many of them the index in `folder` already had."""
    # Equal texts are encoded once.
    by_key = dict(zip(keys, texts, strict=True))
    known = _known_vectors(folder, encoder)
    new = _encode({key: text for key, text in by_key.items() if key not in known}, encoder, progress)
    if len({len(vector) for vector in (*known.values(), *new.values())}) > 1:
        # An encoder that shows no weights gives vectors of another length now: it is another.
        known, new = {}, _encode(by_key, encoder, progress)
    return np.stack([(new if key in new else known)[key] for key in keys]), sum(key in known for key in keys)


def _encode(texts: dict[bytes, str], encoder: Encoder, progress: Progress) -> dict[bytes, Vector]:
    # Texts of like length share a batch, so that little is padded; the longest first, so that it ends no later than told.
    keys, vectors = sorted(texts, key=lambda key: -len(texts[key])), dict[bytes, Vector]()
    for start in range(0, len(keys), _ENCODED_AT_ONCE):
        progress("Embedding passages", start, len(keys))
        batch = keys[start : start + _ENCODED_AT_ONCE]
        vectors.update(zip(batch, encode_documents(encoder, [texts[key] for key in batch]), strict=True))
    progress("Embedding passages", len(keys), len(keys))
    return vectors


def _known_vectors(folder: Path, encoder: Encoder) -> dict[bytes, Vector]:
    """The vectors of the index in `folder` by their text's key; none if it cannot be used or is another encoder's."""
    try:
        manifest = read_manifest(folder)
        check_encoder(folder, manifest, encoder)
        build = verify_files(folder, manifest)
    except IndexFolderError:
        return {}
    searcher = DenseSearcher.open(build)
    keys = np.load(build / _KEYS, allow_pickle=False)
    # Copied: the mapped vectors live only as long as their searcher.
    return {key.tobytes(): vector for key, vector in zip(keys, searcher.vectors.copy(), strict=True)}
