"""`make cutover-demo`: a whole move from json-server to this server, on this machine, in two minutes, told as it goes.

json-server has a copy of db.json, this server a PostgreSQL that forgets, the cutover stands before both, and clients
read and write all the while. Nothing of it is left at the end, or after Ctrl-C.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption while all this is loaded is no traceback

import typer
from rich.console import Console

from app.embedded import EmbeddedError
from rehearsing.clients import Clients
from rehearsing.house import House, Lacking, house
from rehearsing.telling import Failed, Teller

_HELP = """Rehearse a move: all stages, and a new side that dies in the middle, with real servers and a small load.

\b
Exit codes:
  0    the move is done and nothing was lost
  1    it went another way than it should; the last line says how
  2    something that it needs is not there
  130  Ctrl-C
"""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(help=_HELP)
def main(*, quick: Annotated[bool, typer.Option("--quick", help="A tenth of the time in each stage.")] = False) -> None:
    _hear(_stop)
    console = Console(highlight=False, soft_wrap=True)
    try:
        with console.status("Starting json-server, this server and the cutover ...") as now, house(quick) as servers:
            rehearse(Teller(console, now, servers, 0.1 if quick else 1.0), servers)
            now.update("Stopping all three ...")
        console.print("All three are stopped, and their files are gone.")
    except (Lacking, EmbeddedError) as error:
        raise typer.Exit(_end(str(error), 2)) from None
    except (Failed, AssertionError, OSError) as error:
        raise typer.Exit(_end(f"The rehearsal failed. {error}", 1)) from None
    except KeyboardInterrupt:
        raise typer.Exit(_end("Interrupted; all is stopped, and its files are gone.", 130)) from None


def rehearse(tell: Teller, servers: House) -> None:
    """The whole move. Raises `Failed`, and `AssertionError` where a server does not answer in time."""
    with Clients(servers.cutover.port) as clients:
        tell.begin(clients)
        tell.scene("old", "json-server answers everything. The cutover stands in front of it and only passes on.", 7)
        tell.scene(
            "copy",
            "This server gets all that json-server has, and from now on each write. It is asked each read too; "
            "clients do not wait for that and do not see it: the two answers are compared.",
            16,
        )
        tell.scene("ramp", "This server answers the reads of some of the clients, and is still compared.", 12, share=30)
        _fail(tell, servers)
        tell.scene("ramp", "Forward goes only a person. Again, and with all clients:", 12, share=100)
        tell.scene("new", "This server leads. json-server gets each write, so that going back loses nothing.", 14)
        tell.verify()
        tell.promises(servers.old, "json-server, were it to lead again")
        tell.scene("done", "This server alone. json-server is not written any more and may be stopped.", 6)
    tell.promises(servers.new, "this server")
    tell.end(clients)


def _fail(tell: Teller, servers: House) -> None:
    """The new side dies under load, and comes back."""
    tell.say("[bold red]Now this server is killed (kill -9), while it answers clients.[/]")
    servers.new.stop(signal.SIGKILL)
    tell.fallen_back()
    tell.live(5)
    tell.say("json-server answers, as before. What clients write meanwhile is owed to this server, and kept for it:")
    tell.figures()
    tell.say("This server is started again.")
    servers.new.start()
    tell.level()


def _hear(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in _SIGNALS:
        signal.signal(number, handler)


def _stop(*_: object) -> None:
    """End in order: who signals once more does not break that off."""
    _hear(signal.SIG_IGN)
    raise KeyboardInterrupt


def _end(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    app()
