"""Creating where the json-server that must follow gives its own ids: 1.0.0-beta.15 creates under no given one.

There the old side goes on making the ids: it is asked first, and what it has made is offered to the new side, which
still decides. So a POST needs both.
"""

from dataclasses import dataclass

from app.cutover.addresses import Target, list_path
from app.cutover.asking import Answered, Asking
from app.cutover.copying import JSON
from app.cutover.course import Course
from app.cutover.exchanges import Request
from app.cutover.following import Following, records
from app.cutover.journal import Mark
from app.cutover.records import Found, alike
from app.cutover.replies import Refused, Reply


@dataclass
class Minting:
    course: Course
    asking: Asking
    following: Following

    @property
    def needed(self) -> bool:
        return self.course.stage.follows == "old" and not self.following.copying.release.keeps_ids

    async def create(self, request: Request, target: Target) -> Answered:
        """Raises `Refused`, `Unavailable` and `OSError`."""
        unknown = self.course.journal.begin(target.resource, None)
        try:
            made = await self.asking.record("old", request)
        except Refused:
            self.following.nothing_happened(unknown)
            raise
        them = (records(made) or ()) if made.status < 400 else ()
        if 400 <= made.status < 500:
            self.following.nothing_happened(unknown)
        if len(them) != 1:
            return Answered("old", made)
        mark = self.course.journal.begin(target.resource, them[0].identity)
        self.following.settle(unknown)
        return await self._offer(request, mark, them[0], made)

    async def _offer(self, request: Request, mark: Mark, one: Found, made: Reply) -> Answered:
        """What the new side says to it counts."""
        offered = Request("POST", list_path(mark.key[0]), request.query, {**request.headers, **JSON}, one.json)
        try:
            reply = await self.asking.record("new", offered)
        except Refused as error:
            return await self._without_new(mark, made, error)
        if 400 <= reply.status < 500:
            await self.following.copy(mark, None)
        elif reply.status < 400:
            await self._bring_level(mark, one, reply)
        return Answered("new", reply)

    async def _bring_level(self, mark: Mark, one: Found, reply: Reply) -> None:
        """The new side may have made a number of a text, or trimmed it."""
        them = records(reply) or ()
        if len(them) != 1 or them[0].identity != one.identity:
            self.course.journal.owe(mark, "the new side gave it another id")
        elif alike(one.json, them[0].json):
            self.following.settle(mark)
        else:
            await self.following.copy(mark, them[0].json)

    async def _without_new(self, mark: Mark, made: Reply, error: Refused) -> Answered:
        """The old side has created it, and leads from now on; or, where it may not, it is taken back."""
        if self.course.may_fall_back(mark.key):
            self.course.fall_back(f"the new side cannot be reached ({error})")
            self.course.journal.owe(mark, "queued")
            return Answered("old", made)
        await self.following.copy(mark, None)
        raise error
