"""What a page's script calls: it hands over what JSON can say, and a mistake comes back as one line, not as an error."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from index import UserError

Call = Callable[[Any], dict[str, Any]]
Told = TypeVar("Told")
Value = TypeVar("Value", str, int, bool, list[Any])


def call(function: Callable[[dict[str, Any]], dict[str, Any]]) -> Call:
    """A function that a script can call: what it raises of UserError comes back as `problem`."""
    return call_or(function, lambda line: {"problem": line})


def call_or(function: Callable[[dict[str, Any]], Told], mistake: Callable[[str], Told]) -> Callable[[Any], Told]:
    """The same for a function with another answer: `mistake` makes one of the line of a UserError."""

    @wraps(function)
    def answer(wanted: Any) -> Told:
        try:
            return function(wanted if isinstance(wanted, dict) else {})
        except UserError as error:
            return mistake(str(error))

    return answer


def field(wanted: dict[str, Any], name: str, kind: type[Value]) -> Value:
    """What a script hands over under a name. Raises UserError if it is none of that kind."""
    value = wanted.get(name)
    if type(value) is not kind:
        raise UserError(f"{name} is {type(value).__name__}, expected {kind.__name__}: load the page again")
    return value


def texts(wanted: dict[str, Any], name: str) -> list[str]:
    """A list of texts that a script hands over. Raises UserError."""
    found = field(wanted, name, list)
    if not all(isinstance(each, str) for each in found):
        raise UserError(f"{name} is no list of texts: load the page again")
    return found
