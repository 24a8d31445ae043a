"""Whoever is to be told that the move has fallen back: `--notify URL` gets a POST of `{"text": ...}`."""

import asyncio
import logging
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout

log = logging.getLogger(__name__)

_TIMEOUT = ClientTimeout(total=10)


@dataclass
class Notifying:
    url: str
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def tell(self, text: str) -> None:
        """Nobody waits for it; an address that does not take it is a line in the log."""
        task = asyncio.create_task(self._tell(text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, text: str) -> None:
        try:
            async with (
                ClientSession(timeout=_TIMEOUT) as session,
                session.post(self.url, json={"text": text}) as answer,
            ):
                answer.raise_for_status()
        except (ClientError, TimeoutError) as error:
            log.warning("the address of --notify does not take it: %s", type(error).__name__)
