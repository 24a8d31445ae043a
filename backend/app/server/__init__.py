"""From an application to a listening process: uvicorn, run from our own main.

`protocol` is HTTP's own limits, `workers` several such processes on one port.
"""

from app.server.listening import ListenError, listen, network_url, url_of
from app.server.serving import serve
from app.server.workers import Crew, Post

__all__ = ["Crew", "ListenError", "Post", "listen", "network_url", "serve", "url_of"]
