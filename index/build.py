"""From files of articles to an index in a folder."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.analyzer import ANALYZER_VERSION, analyze
from index.embedding import KEY_BYTES, embed, known_vectors
from index.encoder import Encoder, encoder_name, token_budget, weights_hash
from index.errors import EncoderError, IndexFolderError, SourceError
from index.index import check_encoder, write_contents
from index.passages import CHUNKER_VERSION, make_passages
from index.progress import Progress, no_progress
from index.searchers import DenseSearcher, LexicalSearcher
from index.sources import digest_sources, find_sources, read_sources
from index.store import FORMAT, Manifest, check_folder, read_manifest, write_index


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
    keys = [hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).digest() for text in texts]
    known = known_vectors(folder, encoder)
    articles = [draft.article for draft in reading.drafts]
    dates = sorted(article.published.isoformat() for article in articles if article.published)
    reused = 0

    def write_files(scratch: Path) -> Manifest:
        nonlocal reused
        vectors, reused, width = embed(texts, keys, encoder, known, scratch, progress)
        DenseSearcher.build(vectors).save(scratch)
        LexicalSearcher.build([analyze(text) for text in texts]).save(scratch)
        write_contents(scratch, articles, passages)
        return Manifest(
            format=FORMAT,
            build="",
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            encoder=encoder_name(encoder),
            weights=weights_hash(encoder),
            dimensions=vectors.shape[1],
            token_dimensions=width,
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

    manifest = write_index(folder, write_files)
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
