"""An index on disk: a manifest, and the folders that it names.

DIR/manifest.json names DIR/segment-…/ (articles, their passages, vectors and postings; any number of them) and
DIR/state-…/ (which of them make up the index, in what order). A folder is written under another name, sealed with a
checksum for every file, flushed and renamed; none is changed afterwards. The manifest is replaced last: whoever opens
DIR sees the old index or the new one, whole.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from index.errors import IndexFolderError

Opened = TypeVar("Opened")

FORMAT = 7
MANIFEST = "manifest.json"
LOCK, WRITER = ".lock", ".writer"
SEAL = "seal.json"
FolderKind = Literal["segment", "state", "encoded"]
# `build-` is what earlier versions wrote.
_FOLDER = re.compile(r"\.?(?:segment|state|encoded|build)-[0-9a-f]{16}")
# A file up to this size is read whole before it is used; of a larger one, unless its size and time are as they were
# written, since reading gigabytes takes longer than asking. `qa doctor` reads all.
READ_WHOLE = 1 << 26


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index is made of and by.

    `segments` and `state` are the names of its folders, each with the sha256 of its seal; `paths` what it was built of;
    `token_dimensions` and `token_limit`, how many tokens the encoder reads, are 0 for none; `exact` asks for exact search
    however many passages there are. `build` tells one state of an index from another.
    """

    format: int
    created: str
    encoder: str
    weights: str
    dimensions: int
    token_dimensions: int
    token_limit: int
    exact: bool
    analyzer: str
    chunker: str
    articles: int
    passages: int
    truncated_tokens: int
    published: tuple[str, str] | None
    paths: tuple[str, ...]
    segments: tuple[tuple[str, str], ...]
    state: tuple[str, str]

    @property
    def build(self) -> str:
        return self.state[0]

    @property
    def folders(self) -> tuple[tuple[str, str], ...]:
        return (*self.segments, self.state)


def check_folder(folder: Path) -> None:
    """Raises IndexFolderError if a folder has files but no index; one that is damaged, or was never finished, is one."""
    try:
        read_manifest(folder)
    except IndexFolderError:
        found = list(folder.iterdir()) if folder.is_dir() and os.access(folder, os.R_OK) else []
        started = any(_FOLDER.fullmatch(path.name) or path.name == LOCK for path in found)
        ours = {MANIFEST, f".{MANIFEST}", LOCK, WRITER} if started else set[str]()
        for path in found:
            # An index kept below another's folder is none of ours, and no harm.
            if path.name not in ours and not _FOLDER.fullmatch(path.name) and not (path / MANIFEST).is_file():
                raise IndexFolderError(
                    f"{folder}: holds other files and no index: name an empty or a new folder with --index"
                ) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of an index folder, made if it is not there: one writer at a time, and readers go on.

    The lock is the operating system's, and gone with its holder. Raises IndexFolderError if another process writes, or
    the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    writer, missing = folder / WRITER, not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_folder(folder)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise IndexFolderError(f"{folder}: {_holder(writer)} is writing it: wait until it is done") from None
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        writer.write_text(f"{os.getpid()}\n", encoding="utf-8")
        yield
        writer.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        lock.release()
        if missing and {path.name for path in folder.iterdir()} <= {LOCK, WRITER}:
            # Nothing was written: no folder is left behind.
            shutil.rmtree(folder, ignore_errors=True)


def _holder(writer: Path) -> str:
    try:
        return f"process {int(writer.read_text(encoding='utf-8'))}"
    except (OSError, ValueError):
        return "another process"


def cannot_write(folder: Path, error: OSError) -> IndexFolderError:
    """The one line for a folder that cannot be written."""
    # numpy does not tell what the system said where it wrote less than it wanted to.
    why = error.strerror or "not all of a file could be"
    return IndexFolderError(f"{folder}: cannot be written ({why}): free space or name another with --index")


def write_folder(
    folder: Path, kind: FolderKind, write_files: Callable[[Path], None], about: dict[str, Any] | None = None
) -> tuple[str, str]:
    """Writes a folder of files into an index's, whole or not at all; returns its name and its seal's sha256.

    `write_files` writes the files into the folder that it is given; `about` is kept in the seal. Raises OSError.
    """
    name = f"{kind}-{secrets.token_hex(8)}"
    scratch = folder / f".{name}"
    try:
        scratch.mkdir()
        write_files(scratch)
        files = {}
        for path in sorted(scratch.iterdir()):
            flush(path)
            status = path.stat()
            files[path.name] = {"size": status.st_size, "written": status.st_mtime_ns, "sha256": hash_file(path)}
        _write_json(scratch / SEAL, {"about": about or {}, "files": files})
        flush(scratch)
        scratch.rename(folder / name)
        flush(folder)
    except Exception:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return name, hash_file(folder / name / SEAL)


def paths_of(folder: Path) -> tuple[str, ...]:
    """What the index in a folder was built of; nothing if there is none that can be read."""
    with suppress(IndexFolderError):
        return read_manifest(folder).paths
    return ()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replaces the manifest: from now on the index is what this one says. Raises OSError."""
    scratch = folder / f".{MANIFEST}"
    _write_json(scratch, asdict(manifest))
    scratch.replace(folder / MANIFEST)
    flush(folder)


def clean_folder(folder: Path, manifest: Manifest) -> None:
    """Removes what a build that did not end has left, and the folders that a manifest does not name.

    Whoever has opened those reads on.
    """
    named = {name for name, _ in manifest.folders}
    (folder / f".{MANIFEST}").unlink(missing_ok=True)
    for path in folder.iterdir():
        if _FOLDER.fullmatch(path.name) and path.name not in named:
            shutil.rmtree(path, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the index in `folder`. Raises IndexFolderError if there is none that can be used."""
    path = folder / MANIFEST
    try:
        data = _read_json(path)
        if data.get("format") != FORMAT:
            raise IndexFolderError(
                f"{folder}: an index of format {data.get('format')}, expected {FORMAT}: "
                f"build it again with {_remedy(folder)}"
            )
        if set(data) != {field.name for field in fields(Manifest)}:
            raise ValueError("other fields than an index's")
        data["published"] = tuple(data["published"]) if data["published"] else None
        data["paths"] = tuple(data["paths"])
        data["segments"] = tuple((name, seal) for name, seal in data["segments"])
        name, seal = data["state"]
        manifest = Manifest(**{**data, "state": (name, seal)})
        if not manifest.segments or not all(_FOLDER.fullmatch(name) for name, _ in manifest.folders):
            raise ValueError("names no folder of an index")
    except FileNotFoundError:
        raise IndexFolderError(f"{folder}: no index here: build one with {_remedy(folder)}") from None
    except NotADirectoryError:
        raise IndexFolderError(f"{folder}: a file, expected an index folder: name another with --index") from None
    except OSError as error:
        raise IndexFolderError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexFolderError(f"{path}: damaged ({_short(error)}): build the index again with {_remedy(folder)}") from None
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Raises IndexFolderError if a file of an index is missing or not as it was written.

    A file larger than READ_WHOLE is read only if its size or time differ from what was written.
    """
    for line in find_damage(folder, manifest.folders):
        raise IndexFolderError(line)


def damaged(path: Path, what: object) -> IndexFolderError:
    """The one line for a file of an index that is as it was written, but not as an index's is."""
    return IndexFolderError(f"{path}: damaged ({_short(what)}): {build_anew(path.parent.parent)}")


def open_named(folder: Path, read: Callable[[Manifest], Opened]) -> Opened:
    """What `read` makes of the index in `folder`, by its manifest; of the new one, if it is replaced meanwhile.

    Raises IndexFolderError, for a file that is not there too.
    """
    manifest = read_manifest(folder)
    try:
        return read(manifest)
    except (FileNotFoundError, IndexFolderError) as error:
        # The manifest names other folders by now.
        if read_manifest(folder) != manifest:
            return open_named(folder, read)
        if isinstance(error, FileNotFoundError):
            raise damaged(Path(error.filename), "missing") from None
        raise


def build_anew(folder: Path) -> str:
    """What to do about an index whose files an update would take for whole."""
    return f"delete {folder / MANIFEST} and build the index again with {_remedy(folder)}"


def find_damage(folder: Path, named: Iterable[tuple[str, str]], *, read_all: bool = False) -> Iterator[str]:
    """A line for every file of the folders that is missing or not as it was written; `read_all` trusts no file's time."""
    remedy = build_anew(folder) if read_all else f"build the index again with {_remedy(folder)}"
    for name, seal in named:
        path = folder / name / SEAL
        try:
            found = hash_file(path)
            if seal and found != seal:
                yield f"{path}: damaged (sha256 {found[:12]}…, expected {seal[:12]}…): {remedy}"
                continue
            files = read_seal(folder / name)["files"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            yield f"{path}: {_what(error)}: {remedy}"
            continue
        for file, written in files.items():
            path = folder / name / file
            try:
                status = path.stat()
                same = (status.st_size, status.st_mtime_ns) == (written["size"], written["written"])
                if same and status.st_size > READ_WHOLE and not read_all:
                    continue
                found = hash_file(path)
            except OSError as error:
                yield f"{path}: {_what(error)}: {remedy}"
                continue
            if found != written["sha256"]:
                yield f"{path}: damaged (sha256 {found[:12]}…, expected {written['sha256'][:12]}…): {remedy}"


def read_seal(folder: Path) -> dict[str, Any]:
    """What a folder was sealed with: its files, and what it is about. Raises OSError, ValueError and KeyError."""
    return _read_json(folder / SEAL)


def unfinished(folder: Path) -> list[Path]:
    """The folders of encoded texts that a build which did not end has left."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.startswith("encoded-") and _FOLDER.fullmatch(path.name))


def is_part(path: Path) -> bool:
    """Whether a folder's name is one that indexes give their parts."""
    return bool(_FOLDER.fullmatch(path.name))


def files_of(folder: Path, manifest: Manifest) -> list[Path]:
    """The files of an index."""
    return [folder / MANIFEST, *(path for name, _ in manifest.folders for path in sorted((folder / name).iterdir()))]


def sizes(folder: Path, manifest: Manifest) -> dict[str, int]:
    """Bytes on disk of the index's files, by their name, summed over its folders."""
    found: dict[str, int] = {}
    for path in files_of(folder, manifest):
        found[path.name] = found.get(path.name, 0) + path.stat().st_size
    return found


def hash_file(path: Path) -> str:
    """sha256 of a file's contents."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Forces a file or a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_json(path: Path, data: dict[str, Any]) -> None:
    text = json.dumps({**data, "checksum": _checksum(json.loads(json.dumps(data)))}, ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")
    flush(path)


def _read_json(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_bytes())
    checksum = data.pop("checksum")
    if checksum != _checksum(data):
        raise ValueError(f"checksum {checksum[:12]}…, its contents have {_checksum(data)[:12]}…")
    return data


def _checksum(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _remedy(folder: Path) -> str:
    return f"qa index PATH --index {folder}"


def _what(error: Exception) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "missing"
    return f"unreadable ({error.strerror})" if isinstance(error, OSError) else f"damaged ({_short(error)})"


def _short(error: object) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
