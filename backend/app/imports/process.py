"""A process that does one thing apart from the server (`app/apart`), and gives up when it is let go."""

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from typing import IO, Any, Self, cast

from app.config import BACKEND
from app.errors import Busy

faults = logging.getLogger("app.faults")

_PATIENCE = 5.0  # seconds from letting go to the end of a process that hears nothing


class Apart:
    """A process under way. `output` is what it writes."""

    def __init__(self, process: Process, line: int) -> None:
        self._process, self._line = process, line

    @classmethod
    async def start(cls, order: Mapping[str, Any], file: IO[bytes] | int = DEVNULL, output: int = DEVNULL) -> Self:
        """Have the order carried out. `file` is its standard input. Raises `Busy`."""
        told, line = os.pipe()
        try:
            os.write(line, json.dumps(order).encode() + b"\n")
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.apart", str(told)),
                stdin=file,
                stdout=output,
                stderr=PIPE,
                cwd=BACKEND,
                pass_fds=(told,),
                start_new_session=True,  # an interruption at the terminal is the server's business
            )
        except OSError as error:
            os.close(line)
            raise Busy from error
        finally:
            os.close(told)
        return cls(process, line)

    @property
    def output(self) -> asyncio.StreamReader:
        return cast(asyncio.StreamReader, self._process.stdout)

    def let_go(self) -> None:
        """It gives up, as far as there is something to give up."""
        if self._line >= 0:
            os.close(self._line)
            self._line = -1

    async def ended(self) -> int:
        """Its exit code, once it has ended. A fault that nobody expected is logged."""
        said = (await cast(asyncio.StreamReader, self._process.stderr).read()).decode(errors="replace").strip()
        code = await self._process.wait()
        self.let_go()
        if said:
            faults.error("unexpected %s", said.splitlines()[-1] if code == 1 else "end of a process")
        return code

    async def end(self) -> None:
        """Let go, and have it end soon."""
        self.let_go()
        try:
            await asyncio.wait_for(asyncio.shield(self._process.wait()), _PATIENCE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
