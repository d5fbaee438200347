"""What this machine's processor does by itself, and torch uses: products that are several times as fast as floats'."""

import sys
from functools import cache


def multiplies_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself: AVX-512's instructions for it, which CPUs with AMX have too.

    Elsewhere torch only emulates it. ARM's instructions were not measured and count as none.
    """
    import torch

    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def multiplies_bytes() -> bool:
    """Whether torch is there, as with any encoder but a test's, on a CPU that multiplies bytes itself (AVX-512's VNNI).

    Loading torch for it alone would take longer than it saves.
    """
    return "torch" in sys.modules and _has_vnni()


@cache
def _has_vnni() -> bool:
    import torch

    return bool(torch.cpu.get_capabilities().get("avx512_vnni", False)) and hasattr(torch, "_int_mm")
