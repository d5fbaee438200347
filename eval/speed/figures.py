"""The figures of one contender at one size, as they pass from the measuring process to the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Times:
    """How long one question takes, in milliseconds: percentiles over `count` questions asked one after the other.

    `cpu` is the processor time of one, on average, all threads together.
    """

    p50: float
    p95: float
    p99: float
    cpu: float
    count: int

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Times":
        return cls(**record)


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, milliseconds (Times), questions a second, and bytes, each as measured.

    `variants` are other ways to search, by name; `shared_rate` is None where eight threads could not share the contender,
    and `shared_why` says so in words; `load` is the machine's load average before the questions began. `agreement` has the
    shares of what exact search finds that the contender's own finds.
    """

    build_seconds: float
    build_peak: int
    disk: int
    open_seconds: float
    serve_peak: int
    encoder_peak: int
    retrieval: Times
    end_to_end: Times
    variants: dict[str, Times]
    rate: float
    load: float
    shared_rate: float | None
    agreement: dict[str, float]
    shared_why: str = ""

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Figures":
        """From JSON."""
        return cls(
            **{
                **record,
                "retrieval": Times.read(record["retrieval"]),
                "end_to_end": Times.read(record["end_to_end"]),
                "variants": {name: Times.read(times) for name, times in record["variants"].items()},
            }
        )


@dataclass(frozen=True, slots=True)
class Floor:
    """What nobody gets below: milliseconds to read all vectors once, and so many bytes as their single bits are; the
    encoder's time for a question; the bytes of a process that measures nothing."""

    read_ms: float
    bits_ms: float
    vector_bytes: int
    encoder: Times
    empty_peak: int

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Floor":
        return cls(**{**record, "encoder": Times.read(record["encoder"])})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a contender at a size: its figures, or in words why there are none; and when, by UTC, that was seen."""

    name: str
    title: str
    size: int
    figures: Figures | None
    why: str = ""
    measured: str = ""
