"""The vectors of an index's texts: as some folder has them already, or encoded; kept as they come, so that none is lost."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np

from index.arrays import Encoded, TokenVectors
from index.encoder import Encoder, encoder_name, weights_hash
from index.errors import IndexFolderError
from index.late import stored
from index.progress import Progress
from index.segment import EncodedFolder, EncodedText, write_encoded
from index.store import find_damage, read_seal, unfinished, write_folder
from index.threads import one_thread_of_blas
from index.tokens import encode_with_tokens

_ENCODED_AT_ONCE = 256
# So many texts are kept together, or a share of what is done if that is more, but not too many for the memory: a build that
# is stopped loses no more, and folders stay few.
_KEPT_AT_ONCE, _KEPT_SHARE, _KEPT_AT_MOST = 1024, 1 / 16, 8192
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

    def keep() -> None:
        if waiting:
            name, _ = write_folder(folder, "encoded", lambda scratch: write_encoded(scratch, waiting), _about(encoder))
            known.add(EncodedFolder(folder / name))
            waiting.clear()

    batches, done = _batches(new), 0

    def ask(batch: Sequence[bytes]) -> Encoded:
        return encode_with_tokens(encoder, [new[key] for key in batch], query=False)

    # While the next batch is encoded, the one before is made ready to be stored, and written.
    with ThreadPoolExecutor(1) as other, one_thread_of_blas():
        asked = [other.submit(ask, batch) for batch in batches[:1]]
        for number, batch in enumerate(batches, 1):
            progress("Embedding passages", done, len(new))
            encoded = asked.pop().result()
            asked += [other.submit(ask, following) for following in batches[number : number + 1]]
            tokens: Sequence[TokenVectors | None] = encoded.tokens or [None] * len(batch)
            for key, vector, each in zip(batch, encoded.vectors, tokens, strict=True):
                kept = stored(new[key], each) if each else None
                waiting[key] = EncodedText(vector, kept, each.vectors.shape[1] if each else 0)
            done += len(batch)
            if len(waiting) >= min(max(_KEPT_AT_ONCE, done * _KEPT_SHARE), _KEPT_AT_MOST):
                keep()
    keep()
    progress("Embedding passages", len(new), len(new))
    return len(new)


def _about(encoder: Encoder) -> dict[str, str]:
    return {"encoder": encoder_name(encoder), "weights": weights_hash(encoder)}


def _batches(texts: Mapping[bytes, str]) -> list[list[bytes]]:
    """Texts of like length share a batch, so that little is padded; batches in random order, so that any few tell the rest.

    The remaining time can be told from those.
    """
    order = sorted(texts, key=lambda key: -len(texts[key]))
    batches = [order[start : start + _ENCODED_AT_ONCE] for start in range(0, len(order), _ENCODED_AT_ONCE)]
    return [batches[place] for place in np.random.default_rng(_SEED).permutation(len(batches))]
