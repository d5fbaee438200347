"""What locust lets each person do: open the page, and ask one question after the other, without a pause.

The questions, and how many all of them ask together, come from the environment: QA_QUESTIONS (a file, one a line) and
QA_MOST. How many milliseconds each answer took goes into the file QA_TIMES, one a line: locust itself rounds them.
"""

import json
import os
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from locust import FastHttpUser, constant, events, task

_QUESTIONS = cycle(Path(os.environ["QA_QUESTIONS"]).read_text(encoding="utf-8").splitlines())
_MOST = int(os.environ["QA_MOST"])


class Person(FastHttpUser):
    """Someone at the question box. What the page's script sends is sent here."""

    wait_time = constant(0)

    def on_start(self) -> None:
        page = str(self.client.get("/", name="open the page").text)
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


_TIMES: list[float] = []


@events.request.add_listener
def stop_in_time(name: str, response_time: float, **_: Any) -> None:
    """Takes the time of an answer, and ends the run when enough was asked."""
    if name == "ask":
        _TIMES.append(response_time)
    if _ENVIRONMENT and _ENVIRONMENT[0].stats.total.num_requests >= _MOST:
        _ENVIRONMENT[0].runner.quit()


_ENVIRONMENT: list[Any] = []


@events.init.add_listener
def remember(environment: Any, **_: Any) -> None:
    """Keeps what holds the figures."""
    _ENVIRONMENT.append(environment)


@events.test_stop.add_listener
def write_times(**_: Any) -> None:
    """Writes down how long each answer took."""
    Path(os.environ["QA_TIMES"]).write_text("".join(f"{time}\n" for time in _TIMES), encoding="utf-8")
