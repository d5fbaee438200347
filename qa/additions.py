"""Articles added to a library and removed from it while it is asked.

They stand in a folder `added` of the first folder that the index was built of. So they are articles like the others
there: `qa index` of that folder and `qa.load` keep them, they outlive an index that is deleted and built anew, and the
paths that the index remembers stay as they are. Nothing is written anywhere else, and no file of another folder is ever
replaced or removed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from index import Built, SourceError, build_index
from index.catalogue import Catalogue
from index.progress import Progress
from index.sources import same_id
from qa.library import Library
from qa.uploads import WAITING, Upload, file_names, folded, namesakes
from qa.words import count_of
from qa.work import Caution

ADDED = "added"
# So many of the files that were added are named.
_NAMED = 3


def added_folder(library: Library) -> Path:
    """Where files that are added to a library stand. Raises SourceError if it is made of single files."""
    for path in map(Path, library.index.manifest.paths):
        if path.is_dir():
            return path / ADDED
    raise SourceError("these articles are no folder's that is there now: index a folder to add articles to it")


def cited_as(name: str) -> str:
    """The name that a file which was added is cited by."""
    return f"{ADDED}/{name}"


def removable(library: Library) -> frozenset[str]:
    """The names, as they are cited, of the files that can be removed."""
    with suppress(SourceError):
        return frozenset(map(cited_as, file_names(added_folder(library))))
    return frozenset()


def add(library: Library, uploads: Sequence[Upload], progress: Progress) -> tuple[str, ...]:
    """Takes files into the library: all that can be used. Returns what to tell, a line each.

    If the build stops or fails, none is kept, those that they were to replace stand where they stood, and the index is
    the old one. Raises SourceError if none can be used, and what `build_index` raises.
    """
    try:
        folder = added_folder(library)
        good, lines = _usable(library, folder, uploads)
        if not good:
            raise SourceError("\n".join(lines) or "no file to add: add it again")
        replaced = [path for upload in good for path in namesakes(folder, upload.name)]
        with _exchanged(folder, replaced, [(upload.path, folder / upload.name) for upload in good]):
            built = _build(library, progress)
    finally:
        for upload in uploads:
            upload.path.unlink(missing_ok=True)
    names = ", ".join(upload.name for upload in good[:_NAMED])
    others = f" and {count_of(len(good) - _NAMED, 'other file')}" if len(good) > _NAMED else ""
    warnings = [line for upload in good for line in _cautions(upload.warnings)]
    return (f"Added {names}{others}: {_told(built)}.", *lines, *warnings, *_left_out(built))


def remove(library: Library, name: str, progress: Progress) -> tuple[str, ...]:
    """Removes a file that was added, with its articles; if the build stops or fails it stays. Raises SourceError."""
    folder = added_folder(library)
    check_removable(library, name)
    with _exchanged(folder, [folder / name], []):
        built = _build(library, progress)
    return (f"Removed {name}: {_told(built)}.", *_left_out(built))


def check_removable(library: Library, name: str) -> None:
    """Raises SourceError unless a file of this very name was added."""
    if name not in file_names(added_folder(library)):
        raise SourceError(f"{name[:60]}: no file that was added here: remove others where they stand")


def update(library: Library, progress: Progress) -> tuple[str, ...]:
    """Reads the files again that have changed. Returns what to tell."""
    built = _build(library, progress)
    return (f"Up to date: {_told(built)}.", *_cautions(built.warnings), *_left_out(built))


def _build(library: Library, progress: Progress) -> Built:
    """Brings the index up to date with its files, and the library with the index."""

    def tell(stage: str, done: int, total: int) -> None:
        if done < total:
            progress(stage, done, total)
        else:
            progress("Writing the index", 0, 0)

    index = library.index
    # A file of others that cannot be used is told, and no reason to refuse these.
    built = build_index(index.manifest.paths, index.folder, index.encoder, skip_bad=True, may_be_empty=True, progress=tell)
    library.refresh()
    return built


def _usable(library: Library, folder: Path, uploads: Sequence[Upload]) -> tuple[list[Upload], list[str]]:
    """The files that can be added, and a line for each of the others."""
    catalogue = Catalogue.open(library.index.folder)
    good: dict[str, Upload] = {}
    lines: list[str] = []
    taken: dict[str, str] = {}
    for upload in uploads:
        there = namesakes(folder, upload.name)
        replaced = {cited_as(path.name) for path in there}
        known = {each: source for each, source in catalogue.known(upload.ids).items() if source not in replaced} | taken
        clash = next((each for each in upload.ids if each in known), None)
        if folded(upload.name) in good or (there and not upload.replaces):
            lines.append(f"{upload.name}: a file of this name is there already: rename it")
        elif clash is not None:
            lines.append(same_id(upload.name, clash, known[clash]))
        else:
            good[folded(upload.name)] = upload
            taken |= dict.fromkeys(upload.ids, upload.name)
    return list(good.values()), lines


@contextmanager
def _exchanged(folder: Path, old: Sequence[Path], new: Sequence[tuple[Path, Path]]) -> Iterator[None]:
    """Takes old files of a folder away and moves new ones there; the other way round if anything is raised meanwhile."""
    waiting = folder / WAITING
    moved: list[tuple[Path, Path]] = []
    try:
        waiting.mkdir(exist_ok=True)
        kept = [(path, waiting / f"{number}.old") for number, path in enumerate(old)]
        for source, target in [*kept, *new]:
            source.replace(target)
            moved.append((source, target))
        yield
    except BaseException as error:
        for source, target in reversed(moved):
            target.replace(source)
        if isinstance(error, OSError):
            raise SourceError(f"{folder}: cannot be written ({error.strerror}): check its permissions") from None
        raise
    for _, target in kept:
        target.unlink(missing_ok=True)


def _told(built: Built) -> str:
    counts = {"added": built.added, "changed": built.changed, "removed": built.removed}
    told = ", ".join(f"{count_of(count, 'article')} {what}" for what, count in counts.items() if count)
    return f"{told or 'no article changed'}, {count_of(built.encoded, 'passage')} embedded"


def _cautions(warnings: Sequence[str]) -> list[Caution]:
    return [Caution(line) for line in warnings]


def _left_out(built: Built) -> list[str]:
    return [f"left out: {line}" for line in built.skipped]
