"""From files of articles to an index in a folder, or from an index to one that is up to date."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np

from index.analyzer import ANALYZER_VERSION
from index.embedding import Encodings, encode, left_encoded
from index.encoder import Encoder, encoder_name, token_budget, token_limit, weights_hash
from index.errors import EncoderError, IndexFolderError, SourceError
from index.index import check_encoder, check_versions
from index.passages import CHUNKER_VERSION, Searchable, make_passages
from index.places import Places
from index.progress import Progress, no_progress
from index.scan import NEW, Before, Scan, scan
from index.segment import KEY_BYTES, EncodedFolder, Entry, Keys, Segment, digest, write_segment
from index.sources import Draft, find_sources
from index.state import Order, places_of, write_state
from index.store import (
    FORMAT,
    Manifest,
    cannot_write,
    check_folder,
    clean_folder,
    locked,
    read_manifest,
    verify,
    write_folder,
    write_manifest,
)
from index.tokens import encode_with_tokens

# A segment with so few passages is always written with the new ones.
_SMALL = 256
# An update with few new passages writes no more than so many again: less than half a second.
_REWRITTEN = 2048


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: articles `added`, `changed`, `removed` and `unchanged`, texts `encoded`, passages `reused`.

    A passage is reused if its vector was known: of an article that is as it was, or the same text elsewhere.
    """

    manifest: Manifest
    added: int
    changed: int
    removed: int
    unchanged: int
    encoded: int
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
    exact: bool | None = None,
    may_be_empty: bool = False,
    progress: Progress = no_progress,
) -> Built:
    """Makes the index in `folder` one of the articles of `paths`: builds it, or brings it up to date.

    What it has of the same articles, by the same encoder, stays; texts whose vectors it has, or that a build which did
    not end has encoded, are not encoded again. With `exact` nothing is found by approximation, however many passages
    there are (see DenseSearcher); None leaves that as it was, and is False for a new index. Raises BadSourcesError with a
    line for each file that cannot be used, unless `skip_bad`; SourceError if no article is left, unless the folders
    `may_be_empty`; EncoderError and IndexFolderError as the encoder and the folder give cause, also when another process
    is writing. The index that was there stays as it was if anything is raised.
    """
    check_folder(folder)
    files = find_sources(paths, may_be_empty=may_be_empty)
    with locked(folder):
        sound = _sound(folder, encoder)
        exact = sound.exact if exact is None and sound else bool(exact)
        before = _before(folder, sound, encoder, exact)
        found = scan(files, before)
        if found.problems and not (skip_bad and (may_be_empty or len(found.order))):
            raise BadSourcesError(found.problems)
        if before and _is_same(before, found, paths):
            clean_folder(folder, before.manifest)
            return Built(before.manifest, 0, 0, 0, before.manifest.articles, 0, before.manifest.passages, *_said(found))
        return _update(folder, sound, before, found, paths, encoder, exact, progress)


def is_current(folder: Path, paths: Sequence[str | os.PathLike[str]], encoder: Encoder) -> bool:
    """Whether the index in `folder` is of just these articles, as they are now, by this encoder and this version."""
    sound = _sound(folder, encoder)
    before = _before(folder, sound, encoder, exact=bool(sound and sound.exact))
    return before is not None and _is_same(before, scan(find_sources(paths), before), paths)


def has_changed(folder: Path) -> bool:
    """Whether the files that an index was built of are other ones now. Raises IndexFolderError and SourceError."""
    manifest = read_manifest(folder)
    before = Before(folder, manifest)
    return not _is_same(before, scan(find_sources(manifest.paths, may_be_empty=True), before), manifest.paths)


def resolve(paths: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """The paths as an index remembers them: absolute."""
    return tuple(str(Path(path).resolve()) for path in paths)


def _sound(folder: Path, encoder: Encoder) -> Manifest | None:
    """The manifest of the index in `folder`, of whatever version, if it is whole and by this encoder."""
    try:
        manifest = read_manifest(folder)
        check_encoder(folder, manifest, encoder)
        verify(folder, manifest)
        return manifest
    except IndexFolderError:
        return None


def _before(folder: Path, sound: Manifest | None, encoder: Encoder, exact: bool) -> Before | None:
    """What can stay of a sound index: nothing if it was cut, analysed or searched in another way."""
    if sound is None or (sound.exact, sound.token_limit) != (exact, token_limit(encoder)):
        return None
    try:
        check_versions(folder, sound)
        return Before(folder, sound)
    except (FileNotFoundError, IndexFolderError):
        return None


def _encoded(folder: Path, sound: Manifest | None, encoder: Encoder) -> list[EncodedFolder]:
    """All that this encoder has encoded there: what was left by builds that did not end, and what the index has."""
    found = left_encoded(folder, encoder)
    try:
        return found + [EncodedFolder(folder / name) for name, _ in (sound.segments if sound else ())]
    except (FileNotFoundError, IndexFolderError):
        return found


def _shape(encoder: Encoder) -> tuple[int, int]:
    """The dimensions of an encoder's vectors and the width of its tokens', or 0."""
    like = encode_with_tokens(encoder, ["a text"], query=False)
    return like.vectors.shape[1], like.tokens[0].vectors.shape[1] if like.tokens else 0


def _is_same(before: Before, found: Scan, paths: Sequence[str | os.PathLike[str]]) -> bool:
    return not found.problems and before.manifest.paths == resolve(paths) and np.array_equal(before.order, found.order)


def _said(found: Scan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(found.warnings), tuple(found.problems)


def _update(
    folder: Path,
    sound: Manifest | None,
    before: Before | None,
    found: Scan,
    paths: Sequence[str | os.PathLike[str]],
    encoder: Encoder,
    exact: bool,
    progress: Progress,
) -> Built:
    """Writes what is new as a segment, with those that are worth merging with it, and a manifest that says so."""
    folders = _encoded(folder, sound, encoder)
    if found.new and folders and not weights_hash(encoder):
        # An encoder that shows no weights may be another one of the same name.
        shape = _shape(encoder)
        folders = [each for each in folders if (each.dimensions, each.width) == shape]
        if before and (before.manifest.dimensions, before.manifest.token_dimensions) != shape:
            before, found = None, scan(find_sources(paths), None)
    known = Encodings(folders)
    entries = _prepare(found.new, encoder)
    kept, merged = choose_segments(before, found.order, sum(entry.passages for entry in entries))
    entries += [before.segments[number].entry(place) for number, place in merged.tolist()] if before else []
    if not kept and entries and not any(entry.passages for entry in entries):
        raise SourceError(f"{', '.join(map(str, paths))}: the articles have no text: expected paragraphs")
    texts = {digest(each.text.encode()): each.text for entry in entries for _, made in entry.articles for each in made}
    encoded = encode(folder, texts, encoder, known, progress)
    dimensions, width = known.shape if folders or texts else _shape(encoder)
    try:
        segments = [before.manifest.segments[number] for number in kept] if before else []
        if entries or not segments:
            write = partial(write_segment, entries=entries, encoded=known, shape=(dimensions, width), exact=exact)
            segments.append(write_folder(folder, "segment", write))
        order = _renumber(found.order, kept, merged, len(found.new))
        state = write_folder(folder, "state", lambda scratch: write_state(scratch, order, found.sources))
        opened = [Segment(folder / name) for name, _ in segments]
        articles, passages = places_of(order, opened)
        manifest = Manifest(
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            encoder=encoder_name(encoder),
            weights=weights_hash(encoder),
            dimensions=dimensions,
            token_dimensions=width,
            token_limit=token_limit(encoder),
            exact=exact,
            analyzer=ANALYZER_VERSION,
            chunker=CHUNKER_VERSION,
            articles=len(articles),
            passages=len(passages),
            truncated_tokens=_truncated(encoder, list(texts.values())) + (before.manifest.truncated_tokens if before else 0),
            published=_published(articles, opened),
            paths=resolve(paths),
            segments=tuple(segments),
            state=state,
        )
        write_manifest(folder, manifest)
        clean_folder(folder, manifest)
    except OSError as error:
        raise cannot_write(folder, error) from None
    was = before.article_keys(before.order) if before else np.empty((0, KEY_BYTES), np.uint8)
    now = np.concatenate(
        [
            np.empty((0, KEY_BYTES), np.uint8),
            *(segment.article_keys[articles.local[articles.part == number]] for number, segment in enumerate(opened)),
        ]
    )
    fresh = [digest(draft.article.id.encode()) for _, drafts in found.new for draft in drafts]
    return Built(manifest, *_compared(was, now, fresh), encoded, len(passages) - encoded, *_said(found))


def _prepare(new: Sequence[tuple[bytes, list[Draft]]], encoder: Encoder) -> list[Entry]:
    """New entries with their passages."""
    try:
        made = make_passages([draft for _, drafts in new for draft in drafts], token_budget(encoder))
    except ValueError as error:
        raise EncoderError(f"{encoder_name(encoder)}: {error}: use another with --model") from None
    of_article: dict[str, list[Searchable]] = {}
    for each in made:
        of_article.setdefault(each.passage.article.id, []).append(each)
    return [
        Entry(key, tuple((draft.article, tuple(of_article.get(draft.article.id, ()))) for draft in drafts))
        for key, drafts in new
    ]


def choose_segments(before: Before | None, order: Order, new: int) -> tuple[list[int], Order]:
    """The segments to keep as they are, and the entries of the others that are still wanted, to be written with the new."""
    if before is None:
        return [], np.empty((0, 2), np.int64)
    wanted = [np.unique(order[order[:, 0] == number, 1]) for number in range(len(before.segments))]
    live = [
        int(sum(len(segment.rows(place)) for place in places.tolist()))
        if len(places) < len(segment.entry_keys)
        else len(segment)
        for segment, places in zip(before.segments, wanted, strict=True)
    ]
    merged = segments_to_merge(live, list(map(len, before.segments)), new)
    kept = [number for number in range(len(live)) if number not in merged and len(wanted[number])]
    entries = [np.column_stack([np.full(len(wanted[number]), number), wanted[number]]) for number in sorted(merged)]
    return kept, np.concatenate([np.empty((0, 2), np.int64), *entries])


def segments_to_merge(live: Sequence[int], sizes: Sequence[int], new: int) -> set[int]:
    """The segments to write anew with so many new passages, of segments with so many passages, `live` of which are wanted.

    One is written anew if half of its passages are gone; or if it has no more of them than are written anyway, and all that
    are written again are no more than the new ones, or than a moment's work. So there are few segments, a passage is written
    again only when what it stands with has grown twofold, and one article more never has a large index written.
    """
    merged, again = set(), 0
    for number in sorted(range(len(live)), key=lambda number: live[number]):
        halved = 2 * live[number] < sizes[number]
        small = new and live[number] <= max(new + again, _SMALL) and again + live[number] <= max(new, _REWRITTEN)
        if halved or small:
            merged.add(number)
            again += live[number]
    return merged


def _renumber(order: Order, kept: Sequence[int], merged: Order, new: int) -> Order:
    """The entries by their new segments: those kept, and then one with the new entries and those merged with them."""
    renumbered = order.copy()
    for number, segment in enumerate(kept):
        renumbered[order[:, 0] == segment, 0] = number
    written = {entry: new + place for place, entry in enumerate(map(tuple, merged.tolist()))}
    for row in np.flatnonzero(~np.isin(order[:, 0], kept)).tolist():
        number, place = order[row].tolist()
        renumbered[row] = len(kept), place if number == NEW else written[number, place]
    return renumbered


def _truncated(encoder: Encoder, texts: Sequence[str]) -> int:
    budget = token_budget(encoder)
    return budget.truncated(texts) if budget and texts else 0


def _published(articles: Places, segments: Sequence[Segment]) -> tuple[str, str] | None:
    """The first and the last day of articles that tell theirs."""
    days = [segment.published[articles.local[articles.part == number]] for number, segment in enumerate(segments)]
    told = np.concatenate([np.empty(0, np.int32), *days])
    told = told[told > 0]
    return (_day(told.min()), _day(told.max())) if len(told) else None


def _day(ordinal: int) -> str:
    return date.fromordinal(int(ordinal)).isoformat()


def _compared(was: Keys, now: Keys, fresh: Sequence[bytes]) -> tuple[int, int, int, int]:
    """How many articles were added, changed, removed and left as they were, by the digests of their ids."""
    before, after = ({key.tobytes() for key in keys} for keys in (was, now))
    new = set(fresh)
    return len(new - before), len(new & before), len(before - after), len(after - new)
