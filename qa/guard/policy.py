"""What a browser is told about every answer: which scripts a page may run, and that nothing comes from another host."""

import hashlib
import json
import re
from base64 import b64encode

_SCRIPT = re.compile(r"<script[^>]*>(?P<code>.*?)</script>", re.DOTALL)
_BLANK = re.compile(r"\{\{.*?\}\}", re.DOTALL)

# For what is no page: data, scripts, pictures, refusals.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE = (
    "default-src 'none'",
    # Gradio makes functions of the page's own scripts and templates, by `new Function`: without 'unsafe-eval' it shows
    # nothing. Text of documents never gets into either. Inline scripts run only by their hash.
    "script-src 'self' 'unsafe-eval'{hashes}",
    # Gradio's components set style attributes and insert style sheets.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    # Gradio's page has a base element, for its own folder.
    "base-uri 'self'",
    "form-action 'self'",
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Policy:
    """The Content-Security-Policy of pages made from a template.

    An inline script of a page is trusted if it stands in the template, stands in the page once, and every blank in it
    holds JSON. So one that got into the page by its text is not, wherever it stands.
    """

    def __init__(self, template: str = "") -> None:
        self._trusted = [_as_pattern(code) for code in _inline_scripts(template)]

    def of(self, html: str) -> str:
        """The policy to serve a page with."""
        codes = _inline_scripts(html)
        found = [[code for code in codes if _fills(pattern, code)] for pattern in self._trusted]
        hashes = "".join(f" 'sha256-{_digest(code[0])}'" for code in found if len(code) == 1)
        return "; ".join(_PAGE).format(hashes=hashes)


def _inline_scripts(html: str) -> list[str]:
    return [found["code"] for found in _SCRIPT.finditer(html) if found["code"]]


def _as_pattern(code: str) -> re.Pattern[str]:
    return re.compile("(.*)".join(re.escape(part) for part in _BLANK.split(code)), re.DOTALL)


def _fills(pattern: re.Pattern[str], code: str) -> bool:
    found = pattern.fullmatch(code)
    return found is not None and all(map(_is_json, found.groups()))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _digest(code: str) -> str:
    return b64encode(hashlib.sha256(code.encode()).digest()).decode()
