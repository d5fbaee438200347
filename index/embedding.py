"""The vectors of an index's texts: as some folder has them already, or encoded; kept as they come, so that none is lost."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np

from index.arrays import TokenVectors
from index.encoder import Encoder, encoder_name, token_budget, weights_hash
from index.errors import IndexFolderError
from index.late import stored
from index.progress import Progress
from index.segment import EncodedFolder, EncodedText, write_encoded
from index.store import find_damage, read_seal, unfinished, write_folder
from index.threads import PROCESSORS, one_thread_of_blas
from index.tokens import encode_with_tokens

_ENCODED_AT_ONCE = 32
# Each worker holds a batch of token vectors, some 100 MB with what it takes to make them.
_MOST_WORKERS = 8
# Texts are kept a share of the whole at a time, but not too many for the memory: a build that is stopped loses no more, and
# folders stay few.
_KEPT_SHARE, _KEPT_AT_MOST = 1 / 32, 8192
_SEED = 20


class Encodings(Mapping[bytes, EncodedText]):
    """Encoded texts by their digest, wherever they are."""

    def __init__(self, folders: Sequence[EncodedFolder]) -> None:
        self._folders: list[EncodedFolder] = []
        self._places: dict[bytes, tuple[EncodedFolder, int]] = {}
        for folder in folders:
            self.add(folder)

    @property
    def shape(self) -> tuple[int, int]:
        """The dimensions of the vectors and the width of the tokens', or 0."""
        return self._folders[-1].dimensions, self._folders[-1].width

    def add(self, folder: EncodedFolder) -> None:
        self._folders.append(folder)
        for row, key in enumerate(folder.keys):
            self._places.setdefault(key, (folder, row))

    def __getitem__(self, key: bytes) -> EncodedText:
        folder, row = self._places[key]
        return folder[row]

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def left_encoded(folder: Path, encoder: Encoder) -> list[EncodedFolder]:
    """What builds that did not end have encoded by this encoder; what cannot be used is passed over."""
    found = []
    for path in unfinished(folder):
        if not any(find_damage(folder, [(path.name, "")], read_all=True)) and read_seal(path)["about"] == _about(encoder):
            with suppress(IndexFolderError):
                found.append(EncodedFolder(path))
    return found


def encode(folder: Path, texts: Mapping[bytes, str], encoder: Encoder, known: Encodings, progress: Progress) -> int:
    """Encodes the texts that are not `known`, by their digest, and makes them known; returns how many.

    They are kept in folders of their own in `folder` as they come. Raises EncoderError and OSError.
    """
    new = {key: text for key, text in texts.items() if key not in known}
    waiting: dict[bytes, EncodedText] = {}
    one_by_one = Lock()
    reading = getattr(encoder, "single_threaded", lambda: one_by_one)

    def keep() -> None:
        if waiting:
            name, _ = write_folder(folder, "encoded", lambda scratch: write_encoded(scratch, waiting), _about(encoder))
            known.add(EncodedFolder(folder / name))
            waiting.clear()

    def read(batch: Sequence[bytes]) -> dict[bytes, EncodedText]:
        with reading():
            encoded = encode_with_tokens(encoder, [new[key] for key in batch], query=False)
        tokens: Sequence[TokenVectors | None] = encoded.tokens or [None] * len(batch)
        return {
            key: EncodedText(vector, stored(new[key], each) if each else None, each.vectors.shape[1] if each else 0)
            for key, vector, each in zip(batch, encoded.vectors, tokens, strict=True)
        }

    # Batches side by side, each on one processor from its tokens to what is stored of them: threads that share each of a
    # network's many products wait for one another. This thread writes.
    workers, done = min(max(PROCESSORS, 2), _MOST_WORKERS), 0
    kept_at_once = min(len(new) * _KEPT_SHARE, _KEPT_AT_MOST)
    progress("Embedding passages", done, len(new))
    with ThreadPoolExecutor(workers) as pool, one_thread_of_blas():
        for made in _in_turn(pool, read, _batches(new, encoder), workers + 1):
            waiting |= made
            done += len(made)
            progress("Embedding passages", done, len(new))
            if len(waiting) >= kept_at_once:
                keep()
    keep()
    return len(new)


def _in_turn(
    pool: ThreadPoolExecutor,
    work: Callable[[list[bytes]], dict[bytes, EncodedText]],
    batches: Sequence[list[bytes]],
    ahead: int,
) -> Iterator[dict[bytes, EncodedText]]:
    """What `work` makes of each batch, in their order; so many are worked on `ahead` and no more, for the memory."""
    running: deque[Future[dict[bytes, EncodedText]]] = deque()
    for batch in batches:
        running.append(pool.submit(work, batch))
        if len(running) > ahead:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def _about(encoder: Encoder) -> dict[str, str]:
    return {"encoder": encoder_name(encoder), "weights": weights_hash(encoder)}


def _batches(texts: Mapping[bytes, str], encoder: Encoder) -> list[list[bytes]]:
    """Texts of like length share a batch, so that little is padded; batches in random order, so that any few tell the rest.

    The remaining time can be told from those.
    """
    budget = token_budget(encoder)
    every = list(texts.values())
    lengths = dict(zip(texts, budget.count(every) if budget and every else map(len, every), strict=True))
    order = sorted(texts, key=lambda key: -lengths[key])
    batches = [order[start : start + _ENCODED_AT_ONCE] for start in range(0, len(order), _ENCODED_AT_ONCE)]
    return [batches[place] for place in np.random.default_rng(_SEED).permutation(len(batches))]
