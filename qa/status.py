"""An index card: what an index is made of and by, how large it is, and whether its files have changed since."""

import json
import shlex
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rich.table import Table

from index.arrays import Rows
from index.build import has_changed
from index.dense import DenseSearcher, open_coarse
from index.errors import SourceError
from index.files import map_vectors
from index.lexical import Postings
from index.places import GONE, Places
from index.segment import KINDS, Segment
from index.state import places_of, read_order
from index.store import read_manifest, sizes, verify
from qa.languages import count_languages
from qa.words import count_of

Number = TypeVar("Number", bound=np.generic)

_NO_LETTERS = "no letters"
# Articles whose language is told.
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Status:
    """What `qa status` tells. Its fields, in this order, are the names of the JSON.

    `kinds` and `writing_systems` count passages, these by the writing system, as Unicode names it, that most of a passage's
    terms are of; `languages` counts articles by their language's code, as far as they were `looked_at`: of many a sample.
    `duplicates` are the passages whose searchable text an earlier one has too. `approximate` counts the passages among which
    a stand-in of their vectors finds the candidates, and `recall` is the share of the 10 nearest that it holds, measured
    when it was made, the least of all segments; 0 and 1 where every vector is compared. `changed` is None where the files
    cannot be looked at. `disk` has bytes by part, `memory` bytes that an opened index holds, worked out from its counts, the
    model left out, and those that it maps: the system reads these when they are asked for, and takes them back at will.
    """

    index: str
    encoder: str
    weights: str
    dimensions: int
    token_dimensions: int
    format: int
    analyzer: str
    chunker: str
    created: str
    paths: tuple[str, ...]
    changed: bool | None
    articles: int
    dated: int
    published: tuple[str, str] | None
    passages: int
    kinds: dict[str, int]
    writing_systems: dict[str, int]
    languages: dict[str, int]
    looked_at: int
    truncated_tokens: int
    duplicates: int
    segments: int
    approximate: int
    recall: float
    disk: dict[str, int]
    memory: dict[str, int]


def read_status(folder: Path) -> Status:
    """The index card of the index in `folder`; no encoder is loaded. Raises IndexFolderError."""
    manifest = read_manifest(folder)
    verify(folder, manifest)
    parts = [folder / name for name, _ in manifest.segments]
    segments = [Segment(part) for part in parts]
    postings = [Postings.open(part) for part in parts]
    articles, passages = places_of(read_order(folder / manifest.build), segments)
    keys = _live(passages, [segment.passage_keys for segment in segments])
    files = sizes(folder, manifest)
    coarse = [open_coarse(part, map_vectors(part / DenseSearcher.FILE)) for part in parts]
    sample = _sample(segments, articles)
    return Status(
        index=str(folder),
        encoder=manifest.encoder,
        weights=manifest.weights,
        dimensions=manifest.dimensions,
        token_dimensions=manifest.token_dimensions,
        format=manifest.format,
        analyzer=manifest.analyzer,
        chunker=manifest.chunker,
        created=manifest.created,
        paths=manifest.paths,
        changed=_changed(folder),
        articles=len(articles),
        dated=int((_live(articles, [segment.published for segment in segments]) > 0).sum()),
        published=manifest.published,
        passages=len(passages),
        kinds=_kinds(segments, passages),
        writing_systems=_writing_systems(postings, passages),
        languages=count_languages(sample),
        looked_at=len(sample),
        truncated_tokens=manifest.truncated_tokens,
        duplicates=len(keys) - len(np.unique(np.ascontiguousarray(keys).view(f"V{keys.shape[1]}"))),
        segments=len(segments),
        approximate=sum(int((rows != GONE).sum()) for rows, each in zip(passages.rows, coarse, strict=True) if each),
        recall=min((each.recall for each in coarse if each), default=1.0),
        disk=_by_part(files),
        memory={
            "held": _held(articles, passages, postings),
            "mapped": sum(files[name] for name in files if _is_mapped(name)),
        },
    )


def status_json(status: Status) -> str:
    """The index card as one JSON object."""
    return json.dumps(asdict(status), ensure_ascii=False)


def status_table(status: Status) -> Table:
    """The index card for a terminal."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in status_rows(status):
        table.add_row(name, value)
    return table


def update_command(paths: Sequence[str], index: str) -> str:
    """What brings the index in a folder up to date with its paths, to be copied into a shell."""
    return f"qa index {shlex.join(paths)} --index {shlex.quote(index)}"


def status_rows(status: Status) -> Iterator[tuple[str, str]]:
    """The index card as names and what to say to each."""
    yield "index", status.index
    yield "encoder", f"{status.encoder}, weights {status.weights or 'unknown'}"
    tokens = f"token vectors of {status.token_dimensions}" if status.token_dimensions else "no token vectors"
    yield "vectors", f"{status.dimensions} dimensions, {tokens}"
    yield "versions", f"format {status.format}, analyzer {status.analyzer}, chunker {status.chunker}"
    yield "created", status.created
    yield "paths", "\n".join(status.paths)
    changed = f"changed since: run {update_command(status.paths, status.index)}"
    yield "files", {None: "cannot be looked at", True: changed, False: "as they were"}[status.changed]
    dates = f": {' to '.join(dict.fromkeys(status.published))}" if status.published else ""
    yield "articles", f"{status.articles:,}, {status.dated:,} with a date{dates}"
    kinds = f": {_counts(status.kinds)}" if status.kinds else ""
    yield "passages", f"{status.passages:,} in {count_of(status.segments, 'segment')}{kinds}"
    yield "writing systems", _counts(status.writing_systems) or "none"
    sampled = f", of {status.looked_at:,} articles looked at" if status.looked_at < status.articles else ""
    yield "languages", f"{_counts(status.languages) or 'none'}{sampled}"
    yield "truncated", count_of(status.truncated_tokens, "token")
    yield "duplicates", count_of(status.duplicates, "passage")
    yield "search", _search(status)
    yield "on disk", f"{_size(sum(status.disk.values()))}: {_sizes(status.disk)}"
    yield "in memory", f"{_sizes(status.memory)}, the model not counted"


def _search(status: Status) -> str:
    if not status.approximate:
        return "every vector is compared"
    found = f"of {count_of(status.approximate, 'passage')} the candidates by a stand-in, a bit a component"
    return f"{found}: recall@10 {status.recall:.3f} when it was made"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _sizes(found: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_size(size)}" for name, size in found.items())


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


def _changed(folder: Path) -> bool | None:
    try:
        return has_changed(folder)
    except SourceError:
        return None


def _live(places: Places, parts: Sequence[npt.NDArray[Number]]) -> npt.NDArray[Number]:
    """What the segments have of each row that the index has, in any order."""
    return np.concatenate([part[rows != GONE] for part, rows in zip(parts, places.rows, strict=True)])


def _sample(segments: Sequence[Segment], articles: Places) -> list[str]:
    """The texts of all articles, or of some as far apart as can be."""
    rows = np.unique(np.linspace(0, len(articles) - 1, min(len(articles), _LOOKED_AT)).astype(np.int64))
    found = [segments[articles.part[row]].article(int(articles.local[row])) for row in rows]
    return [article.text[slice(*article.extent)] for article in found]


def _kinds(segments: Sequence[Segment], passages: Places) -> dict[str, int]:
    numbers = _live(passages, [segment.passage_kinds for segment in segments])
    kinds = Counter(KINDS[number] for number in numbers.tolist())
    return dict(kinds.most_common())


def _writing_systems(parts: Sequence[Postings], passages: Places) -> dict[str, int]:
    """Passages by the writing system that most of their terms are of; told from the postings, so that no text is read."""
    names: dict[str, int] = {_NO_LETTERS: 0}
    found: Rows = np.zeros(1, np.int64)
    for part, rows in zip(parts, passages.rows, strict=True):
        systems = np.array([names.setdefault(_writing_system(term), len(names)) for term in part.terms], dtype=np.int64)
        cells = np.repeat(systems, np.diff(part.starts)) * len(rows) + part.rows
        counts = np.bincount(cells, part.counts, len(names) * len(rows)).reshape(len(names), len(rows))
        # Numbers are written in all of them.
        counts[0] = 0.5
        most = counts.argmax(axis=0)[rows != GONE]
        found = np.pad(found, (0, len(names) - len(found))) + np.bincount(most, minlength=len(names))
    counted = {name: int(count) for name, count in zip(names, found, strict=True) if count}
    return dict(sorted(counted.items(), key=lambda each: -each[1]))


def _writing_system(term: str) -> str:
    """Unicode's name for the writing system of a term's first letter."""
    name = next((unicodedata.name(letter, "") for letter in term if letter.isalpha()), "").split(" ")[0]
    return {"": _NO_LETTERS, "CJK": "Han"}.get(name, name.capitalize())


def _by_part(files: dict[str, int]) -> dict[str, int]:
    """Bytes on disk by what they are for."""
    found = dict.fromkeys(("vectors", "token_vectors", "postings", "texts", "other"), 0)
    for name, size in files.items():
        found[_part_of(name)] += size
    return found


def _part_of(name: str) -> str:
    if name.startswith("vectors."):
        return "vectors"
    if name.startswith("tokens."):
        return "token_vectors"
    if name.startswith(("postings.", "terms.")):
        return "postings"
    texts = tuple(
        f"{records}.{ending}" for records in ("texts", "articles", "passages") for ending in ("jsonl", "offsets.npy")
    )
    return "texts" if name in texts else "other"


def _is_mapped(name: str) -> bool:
    return name.endswith((".npy", ".faiss", ".u1", ".i4")) or _part_of(name) == "texts"


def _held(articles: Places, passages: Places, postings: Sequence[Postings]) -> int:
    """Bytes of the arrays, and of the terms, that an opened index keeps."""
    places = sum(
        each.part.nbytes + each.local.nbytes + sum(rows.nbytes for rows in each.rows) for each in (articles, passages)
    )
    terms = sum(
        sum(map(sys.getsizeof, part.terms)) + sys.getsizeof(part.terms) + sys.getsizeof(part.numbers) for part in postings
    )
    # BM25 keeps a float64 for every passage and an int64 for every term; a term's number is an object.
    return places + terms + 8 * len(passages) + sum((8 + sys.getsizeof(1)) * len(part.terms) for part in postings)
