"""From an application to a listening process: uvicorn, run from our own main. `protocol` is HTTP's own limits.

One process serves; several would need a supervisor, and on PostgreSQL's side a larger pool serves as well.
"""

from app.server.listening import ListenError, listen, network_url, url_of
from app.server.serving import serve

__all__ = ["ListenError", "listen", "network_url", "serve", "url_of"]
