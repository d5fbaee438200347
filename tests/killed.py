"""Kills a build at every file that it opens to write, fsync, rename and removal in turn, or at every n-th of these points,
then in the middle of its files, and lets the disk be full there; looks at what is left. Run by test_live.py.

Prints how many points there were, and how many sizes of files. Each try is a process of its own: SIGKILL leaves it no time
to tidy up.
"""

import os
import re
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import ToyTokenEncoder

import index.embedding
import qa
from index.build import build_index
from index.errors import IndexFolderError
from index.store import MANIFEST, read_manifest, unfinished

# A killed process loses nothing that the system has taken: nothing has to reach the disk, which takes its time.
os.fsync = lambda _: None
# So that a few texts are many batches.
index.embedding._ENCODED_AT_ONCE = 2
SIZES = 12
ONE_LINE = re.compile(r"[^\n]+: cannot be written \([\w ]+\): free space or name another with --index")


def main(what: str, folder: Path, point: int = 0, every: int = 1) -> None:
    articles, old = folder / "articles", folder / "old"
    articles.mkdir()
    for number in range(6):
        (articles / f"{number}.txt").write_text(f"Article {number}\n\nBoat number {number}.\n\nPier number {number}.")
    if what == "update":
        in_a_process(lambda: build_index([articles], old, ToyTokenEncoder()))
        (articles / "0.txt").write_text("Article 0\n\nA heron.\n\nPier number 0.")
        (articles / "1.txt").unlink()
        for number in range(6, 12):
            (articles / f"{number}.txt").write_text(f"Article {number}\n\nBoat number {number}.")
    new = folder / "new"
    if what == "update":
        shutil.copytree(old, new)
    in_a_process(lambda: build_index([articles], new, ToyTokenEncoder()))
    attack = partial(try_with, articles, old, new, folder / "tried")
    while attack(partial(kill_at, point)):
        point += every
    largest = max(path.stat().st_size for path in new.rglob("*") if path.is_file())
    sizes = range(0, largest, -(-largest // SIZES))
    for size in sizes:
        if not attack(partial(kill_beyond, size)):
            sys.exit(f"not killed, though no file could be larger than {size}")
        attack(partial(fill_beyond, size), refused=True)
    sys.stdout.write(f"{point} {len(sizes)}\n")


def try_with(
    articles: Path, old: Path, new: Path, tried: Path, prepare: Callable[[], None], *, refused: bool = False
) -> bool:
    """Whether a build was killed after `prepare`; or refused in one line, if it must be `refused`."""
    shutil.rmtree(tried, ignore_errors=True)
    if old.exists():
        shutil.copytree(old, tried)

    def attacked() -> None:
        prepare()
        build_index([articles], tried, ToyTokenEncoder())

    def told() -> None:
        with pytest.raises(IndexFolderError) as raised:
            attacked()
        assert ONE_LINE.fullmatch(str(raised.value)), str(raised.value)

    ended = in_a_process(told if refused else attacked, may_be_killed=not refused)

    def look() -> None:
        after = answers(tried) if (tried / MANIFEST).exists() else None
        before = answers(old) if old.exists() else None
        assert after in (before, answers(new)), "neither the old index nor the new one"
        # All that was kept before the kill is known; once the new index is there, it is being removed.
        kept = sum(len(np.load(path / "passages.keys.npy")) for path in unfinished(tried) if after == before)
        encoder = ToyTokenEncoder()
        built = build_index([articles], tried, encoder)
        assert answers(tried) == answers(new), "the next build did not finish the work"
        if after == before:
            wanted = 7 if old.exists() else 12
            assert len(encoder.encoded) == wanted - kept, (kept, encoder.encoded)
        named = {name for name, _ in read_manifest(tried).folders}
        assert {path.name for path in tried.iterdir()} == {*named, MANIFEST, ".lock"}, "something is left over"
        assert built.manifest == read_manifest(tried)

    in_a_process(look)
    return not ended


def answers(folder: Path) -> list[object]:
    library = qa.Library.open(folder, ToyTokenEncoder())
    asked = library.ask_many(["boat number 3", "the heron", "pier number 0", "article 8"], k=20)
    return [[(hit.passage, hit.score, hit.why, hit.highlight) for hit in answer.hits] for answer in asked]


def kill_at(point: int) -> None:
    """Ends this process at its n-th write, fsync or rename from now on."""
    left = [point]

    def count() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        opened_to_write = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if opened_to_write or event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir"):
            count()

    os.fsync = lambda _: count()
    sys.addaudithook(audit)


def kill_beyond(size: int) -> None:
    """Ends this process when it, or a library of it, writes a byte of a file beyond so many."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def fill_beyond(size: int) -> None:
    """Has every write beyond so many bytes of a file fail, or write less than it should, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def in_a_process(work: Callable[[], object], *, may_be_killed: bool = False) -> bool:
    """Whether work in a forked process came to its end."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXFSZ)
    if status and not (killed and may_be_killed):
        sys.exit(f"failed with status {status}")
    return not killed


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
