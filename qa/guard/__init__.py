"""Who and what may reach the application over the network. app.py puts it before Gradio; neither is imported here."""

from qa.guard.access import Access, hash_password
from qa.guard.doors import GRADIO, TOOLS, Door, endpoint_door, page_door
from qa.guard.guard import Guard
from qa.guard.hosts import is_loopback
from qa.guard.safety import Safety

__all__ = [
    "GRADIO",
    "TOOLS",
    "Access",
    "Door",
    "Guard",
    "Safety",
    "endpoint_door",
    "hash_password",
    "is_loopback",
    "page_door",
]
