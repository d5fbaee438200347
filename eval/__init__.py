"""How good it is: the gold set, the measures, and what systems make of them."""

from eval.evaluation import SYSTEMS, Evaluation, SystemResult, evaluate
from eval.gold import GOLD, GoldQuestion, GoldSpan, read_gold
from eval.measures import MEASURES

__all__ = [
    "GOLD",
    "MEASURES",
    "SYSTEMS",
    "Evaluation",
    "GoldQuestion",
    "GoldSpan",
    "SystemResult",
    "evaluate",
    "read_gold",
]
