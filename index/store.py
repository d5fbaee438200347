"""An index on disk: a folder of plain files, and a manifest that names them all with their checksums.

DIR/manifest.json names DIR/build-…/, which holds the files. A build is written under another name, flushed
and renamed, and the manifest replaced last: whoever opens the folder sees the old index or the new one, whole.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from index.errors import IndexFolderError

FORMAT = 4
MANIFEST = "manifest.json"
_BUILD = re.compile(r"\.?build-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index is made of and by.

    `files` maps names to sha256; `sources` is a digest of the articles' files; `token_dimensions` is 0 for none.
    """

    format: int
    build: str
    created: str
    encoder: str
    weights: str
    dimensions: int
    token_dimensions: int
    analyzer: str
    chunker: str
    articles: int
    passages: int
    truncated_tokens: int
    published: tuple[str, str] | None
    paths: tuple[str, ...]
    sources: str
    files: dict[str, str]


def write_index(folder: Path, write_files: Callable[[Path], Manifest]) -> Manifest:
    """Writes an index into `folder` in place of the one there, if any; returns the manifest as written.

    `write_files` writes the files into the folder that it is given, and tells the rest of the manifest. Raises
    IndexFolderError if the folder holds something else or cannot be written; the index that was there stays.
    """
    build = f"build-{secrets.token_hex(8)}"
    scratch = folder / f".{build}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_folder(folder)
        scratch.mkdir()
        manifest = write_files(scratch)
        files = {path.name: hash_file(path) for path in sorted(scratch.iterdir())}
        for name in files:
            _flush(scratch / name)
        _flush(scratch)
        scratch.rename(folder / build)
        _flush(folder)
        manifest = Manifest(**{**asdict(manifest), "build": build, "files": files})
        _write_manifest(folder, manifest)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise IndexFolderError(
            f"{folder}: cannot be written ({error.strerror}): free space or name another with --index"
        ) from None
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    for path in folder.iterdir():
        if _BUILD.fullmatch(path.name) and path.name != build:
            shutil.rmtree(path, ignore_errors=True)
    return manifest


def check_folder(folder: Path) -> None:
    """Raises IndexFolderError if a folder has files but no index; one that is damaged, or was never finished, is one."""
    try:
        read_manifest(folder)
    except IndexFolderError:
        found = list(folder.iterdir()) if folder.is_dir() and os.access(folder, os.R_OK) else []
        builds = [path for path in found if _BUILD.fullmatch(path.name)]
        ours = [*builds, *([folder / MANIFEST, folder / f".{MANIFEST}"] if builds else [])]
        if any(path not in ours and not (path / MANIFEST).is_file() for path in found):
            raise IndexFolderError(
                f"{folder}: holds other files and no index: name an empty or a new folder with --index"
            ) from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the index in `folder`. Raises IndexFolderError if there is none that can be used."""
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_bytes())
        checksum = data.pop("checksum")
        if checksum != _checksum(data):
            raise ValueError(f"checksum {checksum[:12]}…, its contents have {_checksum(data)[:12]}…")
        if data.get("format") != FORMAT:
            raise IndexFolderError(
                f"{folder}: an index of format {data.get('format')}, expected {FORMAT}: "
                f"build it again with {_remedy(folder)}"
            )
        if set(data) != {field.name for field in fields(Manifest)}:
            raise ValueError("other fields than an index's")
    except FileNotFoundError:
        raise IndexFolderError(f"{folder}: no index here: build one with {_remedy(folder)}") from None
    except NotADirectoryError:
        raise IndexFolderError(f"{folder}: a file, expected an index folder: name another with --index") from None
    except OSError as error:
        raise IndexFolderError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexFolderError(f"{path}: damaged ({_short(error)}): build the index again with {_remedy(folder)}") from None
    data["published"] = tuple(data["published"]) if data["published"] else None
    data["paths"] = tuple(data["paths"])
    return Manifest(**data)


def verify_files(folder: Path, manifest: Manifest) -> Path:
    """The folder with the index's files, each of them there and unchanged. Raises IndexFolderError if not."""
    build = folder / manifest.build
    for name, expected in manifest.files.items():
        try:
            found = hash_file(build / name)
        except OSError as error:
            what = "missing" if isinstance(error, FileNotFoundError) else f"unreadable ({error.strerror})"
            raise IndexFolderError(f"{build / name}: {what}: build the index again with {_remedy(folder)}") from None
        if found != expected:
            raise IndexFolderError(
                f"{build / name}: damaged (sha256 {found[:12]}…, expected {expected[:12]}…): "
                f"build the index again with {_remedy(folder)}"
            )
    return build


def hash_file(path: Path) -> str:
    """sha256 of a file's contents."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    data = asdict(manifest)
    scratch = folder / f".{MANIFEST}"
    text = json.dumps({**data, "checksum": _checksum(json.loads(json.dumps(data)))}, ensure_ascii=False, indent=1)
    scratch.write_text(f"{text}\n", encoding="utf-8")
    _flush(scratch)
    scratch.replace(folder / MANIFEST)
    _flush(folder)


def _checksum(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _flush(path: Path) -> None:
    """Forces a file or a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remedy(folder: Path) -> str:
    return f"qa index PATH --index {folder}"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
