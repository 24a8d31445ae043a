"""What is done and said in a rehearsal: each stage by the words of `python -m app cutover`, then its figures."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import urlopen

from rich.console import Console
from rich.status import Status

from app.cutover import leading
from app.cutover.stages import StageName
from rehearsing.clients import Clients
from rehearsing.house import House
from tests.servers import Server

_LONGEST = 60.0  # seconds for what takes one or two on a quiet machine
_EVERY = 0.25


class Failed(Exception):
    """It went another way than it should; the text says how."""


class Teller:
    """`now` is the last line of a terminal; `pace` the part of the full time that each stage takes."""

    def __init__(self, console: Console, now: Status, house: House, pace: float) -> None:
        self._console, self._live, self._whom, self._pace = console, now, house.whom, pace
        self._clients = Clients(house.cutover.port)
        self._before = Counter[str]()
        """What each side had answered in this stage, when it was here last."""

    def begin(self, clients: Clients) -> None:
        self._clients = clients
        self.say("json-server (old) with db.json, this server (new), the cutover before both, and a few clients.")

    def say(self, text: str) -> None:
        self._live.update("")  # what it says is of before
        self._console.print(text)

    def scene(self, stage: StageName, words: str, seconds: float, share: int | None = None) -> None:
        """Go to a stage, say what it is, stay there, and say what has come of it. Raises `Failed`."""
        command = f"stage {stage}" + (f" --share {share}" if share is not None else "")
        self.say(f"\n[bold]$ python -m app cutover {command}[/]")
        wanted = {"stage": stage} | ({} if share is None else {"share": share})
        self._until(lambda: leading.stage(self._whom, wanted))
        self._entered()
        self.say(words)
        self.live(seconds)
        self.figures()

    def live(self, seconds: float) -> None:
        end = time.monotonic() + seconds * self._pace
        while (left := end - time.monotonic()) > 0:
            now = "\n".join(lines(self._facts(), self._before))
            self._live.update(f"{left:.0f} s  {now}")
            time.sleep(_EVERY)

    def figures(self) -> None:
        """Of the stage in effect."""
        for line in lines(self._facts(), self._before):
            self.say(f"  {line}")

    def fallen_back(self) -> None:
        self._until(lambda: self._now("it has not fallen back", self._facts()["stage"] == "copy"))
        self._entered()
        self.say(f"  [bold]{self._facts()['events'][-1]['text']}[/]. Nobody had to do anything.")

    def level(self) -> None:
        self._until(lambda: self._now("something is owed", self._facts()["journal"]["owed"] == 0))
        self.say("  It has been sent all that it was owed, in order.")

    def verify(self) -> None:
        """Both sides whole; what is written in that moment is looked at again."""
        self.say("\n[bold]$ python -m app cutover verify[/]")
        self._until(lambda: leading.verify(self._whom))
        self.say("Both sides are equal, in order.")

    def promises(self, side: Server, whose: str) -> None:
        """Raises `Failed` where something acknowledged is not so."""
        self._until(lambda: self._now("an acknowledged write is missing", not self._broken(side)))
        self.say(f"All that clients were told is done is so in the list of {whose}.")

    def end(self, clients: Clients) -> None:
        fell = {1: "once"}.get(self._facts()["fallbacks"], f"{self._facts()['fallbacks']} times")
        answers, lost = sum(clients.answers.values()), clients.answers["no answer"] + clients.answers["5xx"]
        self.say(
            f"\nClients had {answers:,} answers, of which {lost} were none or a 5xx, and {len(clients.promised):,} "
            f"records of theirs were acknowledged. It fell back {fell} by itself."
        )

    def _entered(self) -> None:
        self._before = answered(self._facts())

    def _broken(self, side: Server) -> list[str]:
        with urlopen(f"{side.url}/patients", timeout=_LONGEST) as answer:  # noqa: S310 our own
            return self._clients.broken(json.load(answer))

    def _facts(self) -> Mapping[str, Any]:
        said = leading.status(self._whom)
        if said.code:
            raise Failed(said.text)
        return dict(json.loads(said.text))

    @staticmethod
    def _now(otherwise: str, true: bool) -> leading.Said:
        return leading.Said(0, "") if true else leading.Said(1, otherwise)

    def _until(self, asked: Callable[[], leading.Said]) -> None:
        """What clients do in this moment may speak against something: asked again, as a person does."""
        end = time.monotonic() + _LONGEST
        while (said := asked()).code:
            if time.monotonic() > end:
                raise Failed(said.text)
            self._live.update(f"Not yet: {said.text}")
            time.sleep(_EVERY)


def answered(facts: Mapping[str, Any]) -> Counter[str]:
    """By side, in the stage in effect."""
    here = facts["requests"].get(facts["stage"], {})
    return Counter({side: sum(found.values()) for side, found in here.items()})


def lines(facts: Mapping[str, Any], before: Counter[str]) -> list[str]:
    """The stage in effect, for a person. Pure."""
    compared, journal, answers = facts["compared"], facts["journal"], answered(facts) - before
    equal, explained, different = (compared.get(kind, 0) for kind in ("equal", "explained", "different"))
    times = [f"{side} {found['p50'] * 1000:.1f} ms" for side, found in facts["seconds"].items() if found]
    rows = f" (by {', '.join(facts['explained_by'])})" if explained else ""
    return [
        f"answered by old {answers['old']}, by new {answers['new']}; p50 {', '.join(times)}",
        f"compared: equal {equal}, explained {explained}{rows}, different {different}; "
        f"owed {journal['owed']}, refused {len(journal['refused'])}",
    ]
