"""Indexes with other contents under checksums that are right: what no damage makes, but a mistake in the program could."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from index.store import MANIFEST, SEAL, read_manifest

# A headline, a day, two kinds of files, a heading, a paragraph that stands twice, a third article without a day.
ARTICLES = {
    "one.txt": "The harbour\n\nBy Jane Doe\n\nJuly 13, 2021\n\nBoats come and go.\n\nThe pier is old.\n\nBoats come and go.",
    "two.md": "# The market\n\n## Fruit\n\nApples are red.\n\nPears are green.",
    "three.txt": "Пристань\n\nЛодки приходят и уходят.",
}


def write_articles(folder: Path) -> Path:
    """A folder of the articles."""
    folder.mkdir()
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def find(folder: Path, name: str) -> Path:
    """A file of an index, by its name; the manifest too."""
    parts = [folder / part for part, _ in read_manifest(folder).folders]
    return next(path for path in (folder / name, *(part / name for part in parts)) if path.exists())


def forge(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Changes a file's contents, and its seal and the manifest so that all checksums are right."""
    path = find(folder, name)
    path.write_bytes(change(path.read_bytes()))
    seals = {}
    for part, _ in read_manifest(folder).folders:
        seal = json.loads((folder / part / SEAL).read_bytes())
        for file, written in seal["files"].items():
            status = (folder / part / file).stat()
            written |= {"size": status.st_size, "written": status.st_mtime_ns, "sha256": _sha256(folder / part / file)}
        write_json(folder / part / SEAL, seal)
        seals[part] = _sha256(folder / part / SEAL)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["segments"] = [[part, seals[part]] for part, _ in manifest["segments"]]
    manifest["state"] = [manifest["state"][0], seals[manifest["state"][0]]]
    write_json(folder / MANIFEST, manifest)


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Writes a manifest or a seal with the checksum that its contents have."""
    data.pop("checksum", None)
    checksum = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({**data, "checksum": checksum}))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
