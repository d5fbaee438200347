"""What locust lets each person do: open the page, and ask one question after the other, without a pause.

The questions, and how many all of them ask together, come from the environment: QA_QUESTIONS (a file, one a line) and
QA_MOST.
"""

import json
import os
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from locust import HttpUser, constant, events, task

_QUESTIONS = cycle(Path(os.environ["QA_QUESTIONS"]).read_text(encoding="utf-8").splitlines())
_MOST = int(os.environ["QA_MOST"])


class Person(HttpUser):
    """Someone at the question box. What the page's script sends is sent here."""

    wait_time = constant(0)

    def on_start(self) -> None:
        page = self.client.get("/", name="open the page").text
        start = page.index("{", page.index("window.gradio_config = "))
        config, _ = json.JSONDecoder().raw_decode(page, start)
        self._component = next(each["id"] for each in config["components"] if "ask" in _functions(each))

    @task
    def ask(self) -> None:
        """Asks, and looks whether an answer came."""
        question = next(_QUESTIONS)
        body = {
            "session_hash": f"person{id(self)}",
            "component_id": self._component,
            "fn_name": "ask",
            "data": {"asked": f"?{urlencode({'q': question})}"},
        }
        with self.client.post("/gradio_api/component_server", json=body, name="ask", catch_response=True) as reply:
            if reply.status_code == 200 and '<li class="card' not in reply.json():
                reply.failure(f"no passage in {reply.text[:80]!r}")


def _functions(component: dict[str, Any]) -> list[str]:
    return component.get("props", {}).get("server_fns") or []


@events.request.add_listener
def stop_in_time(**_: Any) -> None:
    """Ends the run when enough was asked."""
    if _ENVIRONMENT and _ENVIRONMENT[0].stats.total.num_requests >= _MOST:
        _ENVIRONMENT[0].runner.quit()


_ENVIRONMENT: list[Any] = []


@events.init.add_listener
def remember(environment: Any, **_: Any) -> None:
    """Keeps what holds the figures."""
    _ENVIRONMENT.append(environment)
