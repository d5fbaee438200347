"""What is asked, as the page's address says it: a question, and what it is confined to."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from index import QuestionError

ANY = "any"
"""For a day: whatever the question says of when is set aside."""

_MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the days, sources and kinds that the reader chose for it; `link` is its address on the page.

    Days are as an option gives them, 2021, 2021-07 or 2021-07-15; empty where none was chosen.
    """

    question: str = ""
    since: str = ""
    until: str = ""
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @classmethod
    def read(cls, query: str) -> "Asked":
        """What an address says behind its question mark. Raises QuestionError for one that says too much."""
        try:
            # Half a character, which no address has, is none.
            said = parse_qs(query.encode(errors="replace").decode().removeprefix("?"), max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise QuestionError(f"the address has more than {_MOST_FIELDS} parts: choose fewer sources") from None
        first = {name: values[0].strip() for name, values in said.items()}
        return cls(
            question=first.get("q", ""),
            since=first.get("from", ""),
            until=first.get("to", ""),
            sources=tuple(dict.fromkeys(said.get("source", ()))),
            kinds=tuple(dict.fromkeys(said.get("kind", ()))),
        )

    @property
    def link(self) -> str:
        fields = [("q", self.question), ("from", self.since), ("to", self.until)]
        fields += [("source", name) for name in self.sources] + [("kind", name) for name in self.kinds]
        return f"?{urlencode([(name, value) for name, value in fields if value])}"

    def but(self, **changes: Any) -> "Asked":
        """The same, with some of it changed."""
        return replace(self, **changes)
