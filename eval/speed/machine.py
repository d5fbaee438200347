"""What the figures were measured on, in a line each."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def machine(threads: int = 0) -> list[str]:
    """Processor, memory, system, threads of the libraries (0 for as many as they choose) and date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return [
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB of memory",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        f"threads that FAISS, BLAS and torch start: {threads or 'as many as they choose, which a busy machine punishes'}",
        f"{datetime.now(UTC):%Y-%m-%d}",
    ]


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    if cpus.is_file():
        for line in cpus.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
