"""What is wrong with an index: every checksum, and whether its files say of each other what they should."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from index.analyzer import ANALYZER_VERSION, analyze
from index.arrays import Rows, Vectors
from index.article import Passage
from index.cleanup import clean_up
from index.dense import DenseSearcher, open_coarse
from index.encoder import DEFAULT_MODEL, open_encoder
from index.errors import IndexFolderError
from index.files import map_array, map_starts, map_vectors, reading
from index.index import check_encoder, check_versions
from index.late import TokenFile
from index.lexical import Postings
from index.passages import CHUNKER_VERSION
from index.progress import Progress, no_progress
from index.segment import KINDS, Segment, digest
from index.state import places_of, read_order, read_source_records
from index.store import MANIFEST, SEAL, Manifest, build_anew, find_damage, read_manifest, read_seal

_AT_ONCE = 4_096
# Vectors were divided by their length in float32: what that leaves is far below this.
_TOLERANCE = 1e-4
# A stand-in is asked for so many of the vectors that it was made of, and finds nearly all of them.
_ASKED, _FOUND, _SEED = 200, 0.99, 20


def examine(folder: Path, progress: Progress = no_progress) -> list[str]:
    """A line for every problem of the index in `folder`: what was found, what was expected, what to do.

    Every file is read, and no encoder is loaded. Contents are compared with each other when all checksums are right:
    files are then as they were written, and still wrong if that was a mistake. Raises IndexFolderError if there is no index.
    """
    if not (folder / MANIFEST).is_file():
        read_manifest(folder)
    try:
        manifest = read_manifest(folder)
    except IndexFolderError as error:
        return [str(error)]
    problems = list(_examine(folder, manifest, progress))
    if problems and read_manifest(folder) != manifest:
        # Replaced in between: what was looked at is gone.
        return examine(folder, progress)
    return problems


def _examine(folder: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    yield from _of_another_version(folder, manifest)
    damage = list(_damage(folder, manifest, progress))
    yield from damage
    if damage:
        return
    parts = []
    for name, _ in manifest.segments:
        part = yield from _open(folder / name, manifest)
        if part:
            parts.append(part)
            yield from _wrong_contents(part, manifest, progress)
    if len(parts) == len(manifest.segments):
        yield from _wrong_state(folder, manifest, [part.segment for part in parts])


def _of_another_version(folder: Path, manifest: Manifest) -> Iterator[str]:
    try:
        check_versions(folder, manifest)
        if manifest.encoder == DEFAULT_MODEL:
            # Knows its hash without its weights.
            check_encoder(folder, manifest, open_encoder())
    except IndexFolderError as error:
        yield str(error)


def _damage(folder: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    """What is not as it was sealed, or not sealed at all."""
    for number, (name, seal) in enumerate(manifest.folders):
        progress("Reading files", number, len(manifest.folders))
        found = list(find_damage(folder, [(name, seal)], read_all=True))
        yield from found
        if not found:
            sealed = {*read_seal(folder / name)["files"], SEAL}
            for path in sorted((folder / name).iterdir()):
                if path.name not in sealed:
                    yield f"{path}: not in {SEAL}, expected {len(sealed)} files: {build_anew(folder)}"
    progress("Reading files", len(manifest.folders), len(manifest.folders))


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment with both legs' files, and the tokens if the index has any."""

    segment: Segment
    postings: Postings
    vectors: Vectors
    tokens: TokenFile | None

    @property
    def folder(self) -> Path:
        return self.segment.folder


def _open(folder: Path, manifest: Manifest) -> Generator[str, None, _Part | None]:
    """Yields a line for each of a segment's readers that refuses its files, or does not fit the others."""
    readers: list[Callable[[Path], Any]] = [Segment, _open_postings, lambda path: map_vectors(path / DenseSearcher.FILE)]
    readers += [TokenFile] if manifest.token_dimensions else []
    opened = []
    for reader in readers:
        try:
            opened.append(reader(folder))
        except IndexFolderError as error:
            yield str(error)
        except OSError as error:
            yield f"{error.filename}: cannot be read ({error.strerror}): {build_anew(folder.parent)}"
    if len(opened) < len(readers):
        return None
    part = _Part(*opened, *([] if manifest.token_dimensions else [None]))
    fitting = True
    for name, found, expected in (
        ("vectors", len(part.vectors), len(part.segment)),
        ("dimensions", part.vectors.shape[1], manifest.dimensions),
        ("passages of the postings", len(part.postings.lengths), len(part.segment)),
        ("passages' tokens", len(part.tokens) if part.tokens is not None else len(part.segment), len(part.segment)),
        ("dimensions of tokens", part.tokens.width if part.tokens is not None else 0, manifest.token_dimensions),
    ):
        if found != expected:
            fitting = False
            yield f"{folder}: {found} {name}, expected {expected}: {build_anew(folder.parent)}"
    return part if fitting else None


def _open_postings(folder: Path) -> Postings:
    with reading(folder / "terms.txt"):
        postings = Postings.open(folder)
        if len(postings.numbers) != len(postings.terms):
            raise ValueError("a term stands there twice")
    rows, counts, _ = (map_array(folder / f"postings.{name}.npy", np.int32) for name in ("rows", "counts", "lengths"))
    with reading(folder / "postings.counts.npy"):
        if len(counts) != len(rows):
            raise ValueError(f"{len(counts)} counts, expected {len(rows)}")
    map_starts(folder / "postings.starts.npy", len(postings.terms), len(rows))
    return postings


@dataclass(slots=True)
class _Wrong:
    """What is wrong with a segment's rows: a line for each file and way to be wrong, with the first row and how many."""

    folder: Path
    _found: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def add(self, file: str, what: str, row: int, found: str = "", count: int = 1) -> None:
        known, first = self._found.get((file, what), (0, f"the first is number {row}{found and f': {found}'}"))
        self._found[file, what] = known + count, first

    def lines(self) -> Iterator[str]:
        for (file, what), (count, first) in self._found.items():
            yield f"{self.folder / file}: {what}: {count:,}, {first}: {build_anew(self.folder.parent)}"


def _wrong_contents(part: _Part, manifest: Manifest, progress: Progress) -> Iterator[str]:
    wrong = _Wrong(part.folder)
    _check_vectors(part.vectors, wrong, progress)
    try:
        yield from _wrong_coarse(part)
    except IndexFolderError as error:
        yield str(error)
    try:
        _check_articles(part.segment, wrong)
        _check_passages(part, manifest, wrong, progress)
    except IndexFolderError as error:
        yield str(error)
    yield from wrong.lines()


def _check_vectors(vectors: Vectors, wrong: _Wrong, progress: Progress) -> None:
    for start in range(0, len(vectors), _AT_ONCE):
        progress("Measuring vectors", start, len(vectors))
        block = np.asarray(vectors[start : start + _AT_ONCE], dtype=np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        # Not a number is no number near 1.
        for row in np.flatnonzero(~(np.abs(lengths - 1) < _TOLERANCE)).tolist():
            wrong.add(DenseSearcher.FILE, "vectors not of unit length", start + row, f"length {lengths[row]:.4f}")
    progress("Measuring vectors", len(vectors), len(vectors))


def _wrong_coarse(part: _Part) -> Iterator[str]:
    """Whether the stand-in of a part's vectors, if it has one, is one of these vectors: it finds them, or their equals."""
    vectors = part.vectors
    coarse = open_coarse(part.folder, vectors)
    if not coarse or not len(vectors):
        return
    random = np.random.default_rng(_SEED)
    asked = np.asarray(vectors[np.sort(random.choice(len(vectors), min(_ASKED, len(vectors)), replace=False))])
    _, found = coarse.index.search(asked, min(coarse.asked, len(vectors)))
    with np.errstate(over="ignore", invalid="ignore"):
        best = [(vectors[rows[rows >= 0]] @ one).max(initial=-1) for one, rows in zip(asked, found, strict=True)]
    share = float(np.mean(np.array(best) > 1 - _TOLERANCE))
    if share < _FOUND:
        path = part.folder / DenseSearcher.COARSE_FILE
        yield f"{path}: finds {share:.2f} of its vectors, expected {_FOUND}: {build_anew(part.folder.parent)}"


def _check_articles(segment: Segment, wrong: _Wrong) -> None:
    for number, (key, day) in enumerate(zip(segment.article_keys, segment.published.tolist(), strict=True)):
        article = segment.article(number)
        if key.tobytes() != digest(article.id.encode()):
            wrong.add("articles.keys.npy", "articles whose key is not their id's digest", number, article.id)
        if day != (article.published.toordinal() if article.published else 0):
            wrong.add("articles.published.npy", "articles of another day than their record's", number, article.id)
        if segment.sources[segment.article_sources[number]] != article.source:
            wrong.add("articles.sources.npy", "articles of another source than their record's", number, article.id)


def _check_passages(part: _Part, manifest: Manifest, wrong: _Wrong, progress: Progress) -> None:
    """Every passage against its article, its key, its tokens and its postings, in blocks."""
    segment, size = part.segment, len(part.segment)
    counted = _Counted(part.postings, wrong)
    articles = np.repeat(np.arange(len(segment.article_keys)), np.diff(segment.article_starts))
    for start in range(0, size, _AT_ONCE):
        progress("Reading passages", start, size)
        texts = []
        for row in range(start, min(start + _AT_ONCE, size)):
            made = segment.stored(row)
            passage, searchable = made.passage, made.text
            number = int(articles[row])
            _check_passage(passage, searchable, segment.passage_keys[row].tobytes(), row, manifest, wrong)
            if passage.article is not segment.article(number) or passage.number != row - segment.article_starts[number] + 1:
                wrong.add("passages.jsonl", "passages at another place than their article's", row, passage.id)
            if KINDS[segment.passage_kinds[row]] != passage.kind:
                wrong.add("passages.kinds.npy", "passages of another kind than their record's", row, passage.id)
            if part.tokens:
                starts = part.tokens[row].starts
                if len(starts) and not -len(searchable) <= starts.min() <= starts.max() < 0:
                    wrong.add("tokens.starts.i4", "passages with tokens beyond their text", row, passage.id)
            texts.append(searchable)
        if manifest.analyzer == ANALYZER_VERSION:
            counted.check(start, [analyze(text) for text in texts])
    if manifest.analyzer == ANALYZER_VERSION:
        counted.check_end()
    progress("Reading passages", size, size)


def _check_passage(passage: Passage, searchable: str, key: bytes, row: int, manifest: Manifest, wrong: _Wrong) -> None:
    if manifest.chunker == CHUNKER_VERSION and clean_up(passage.article.text, passage.spans).text != passage.text:
        wrong.add("passages.jsonl", "passages whose spans do not slice to their text", row, passage.id)
    if not searchable.endswith(passage.text):
        wrong.add("passages.jsonl", "passages whose text does not end what is searched", row, passage.id)
    if key != digest(searchable.encode()):
        wrong.add("passages.keys.npy", "passages whose key is not the digest of what is searched", row, passage.id)


class _Counted:
    """The postings held against the terms of the texts, which come in the order of their rows."""

    def __init__(self, postings: Postings, wrong: _Wrong) -> None:
        self._postings, self._wrong = postings, wrong
        # Up to where in the postings each term's passages have been seen: rows ascend, so none is looked for.
        self._seen: Rows = np.array(postings.starts[:-1])

    def check(self, start: int, documents: Sequence[Sequence[str]]) -> None:
        """The terms of the passages from row `start` on."""
        postings = self._postings
        lengths = np.array([len(terms) for terms in documents])
        for row in np.flatnonzero(postings.lengths[start : start + len(documents)] != lengths).tolist():
            found = f"{postings.lengths[start + row]} terms, its text has {lengths[row]}"
            self._wrong.add("postings.lengths.npy", "passages of another length", start + row, found)
        entries = [
            (postings.numbers.get(term, -1), row, count)
            for row, terms in enumerate(documents, start)
            for term, count in Counter(terms).items()
        ]
        table = np.array(entries, dtype=np.int64).reshape(-1, 3)
        unknown = table[:, 0] < 0
        self._say(table[unknown, 1])
        table = table[~unknown]
        table = table[np.argsort(table[:, 0], kind="stable")]
        numbers, rows, counts = table.T
        places = self._seen[numbers] + np.arange(len(numbers)) - np.searchsorted(numbers, numbers)
        right = places < postings.starts[numbers + 1]
        right[right] = (postings.rows[places[right]] == rows[right]) & (postings.counts[places[right]] == counts[right])
        self._say(rows[~right])
        self._seen += np.bincount(numbers, minlength=len(self._seen))

    def check_end(self) -> None:
        """No term has passages beyond those that were seen."""
        for number in np.flatnonzero(self._seen < self._postings.starts[1:]).tolist():
            self._say(np.array([self._postings.rows[self._seen[number]]], dtype=np.int64))

    def _say(self, rows: Rows) -> None:
        for row in np.unique(rows).tolist():
            self._wrong.add("postings.rows.npy", "passages with other terms than their text has", row)


def _wrong_state(folder: Path, manifest: Manifest, segments: Sequence[Segment]) -> Iterator[str]:
    """What a state says of its segments, and the manifest of both."""
    path = folder / manifest.build
    try:
        order, sources = read_order(path), read_source_records(path)
        articles, passages = places_of(order, segments)
    except IndexFolderError as error:
        yield str(error)
        return
    local = [articles.local[articles.part == number] for number in range(len(segments))]
    keys = {key for segment, rows in zip(segments, local, strict=True) for key in map(bytes, segment.article_keys[rows])}
    days = np.concatenate([segment.published[rows] for segment, rows in zip(segments, local, strict=True)])
    told = days[days > 0].tolist()
    between = (_day(min(told)), _day(max(told))) if told else None
    for where, what, found, expected in (
        (path / "order.npy", "entries that differ", len(np.unique(order, axis=0)), len(order)),
        (path / "order.npy", "articles with an id of their own", len(keys), len(articles)),
        (path / "sources.jsonl", "entries of the files", sum(source.entries for source in sources), len(order)),
        (folder / MANIFEST, "articles", manifest.articles, len(articles)),
        (folder / MANIFEST, "passages", manifest.passages, len(passages)),
        (folder / MANIFEST, "first and last day", manifest.published, between),
    ):
        if found != expected:
            yield f"{where}: {what}: {found}, expected {expected}: {build_anew(folder)}"


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
