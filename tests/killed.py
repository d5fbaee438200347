"""Kills a build at every write, fsync and rename in turn, and looks at what is left: run by test_live.py.

Prints how many points there were. Each try is a process of its own: SIGKILL leaves it no time to tidy up.
"""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import ToyTokenEncoder

import index.embedding
import qa
from index.build import build_index
from index.store import MANIFEST, read_manifest

# A killed process loses nothing that the system has taken: nothing has to reach the disk, which takes its time.
os.fsync = lambda _: None
TEXTS_KEPT = 4
index.embedding._KEPT_AT_ONCE = TEXTS_KEPT
index.embedding._ENCODED_AT_ONCE = 2


def main(what: str, folder: Path) -> None:
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
    point = 0
    while try_at(point, articles, old, new, folder / "tried"):
        point += 1
    sys.stdout.write(f"{point}\n")


def try_at(point: int, articles: Path, old: Path, new: Path, tried: Path) -> bool:
    """Whether the build was killed at that point: it was not if it has fewer points."""
    shutil.rmtree(tried, ignore_errors=True)
    if old.exists():
        shutil.copytree(old, tried)

    def killed() -> None:
        kill_at(point)
        build_index([articles], tried, ToyTokenEncoder())

    ended = in_a_process(killed, may_be_killed=True)

    def look() -> None:
        after = answers(tried) if (tried / MANIFEST).exists() else None
        before = answers(old) if old.exists() else None
        assert after in (before, answers(new)), "neither the old index nor the new one"
        kept = sum(1 for path in tried.glob("encoded-*")) if tried.exists() else 0
        encoder = ToyTokenEncoder()
        built = build_index([articles], tried, encoder)
        assert answers(tried) == answers(new), "the next build did not finish the work"
        if after == before:
            # All that was kept before the kill is known; what is kept last may be fewer.
            wanted = 7 if old.exists() else 12
            assert len(encoder.encoded) <= wanted - max(0, kept - 1) * TEXTS_KEPT, (kept, encoder.encoded)
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
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if status and not (killed and may_be_killed):
        sys.exit(f"failed with status {status}")
    return not killed


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
