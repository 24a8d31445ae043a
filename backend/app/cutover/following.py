"""What becomes of a write that the leading side has answered: copied, owed, refused or settled."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.cutover.addresses import Target
from app.cutover.copying import Behind, Copying, NotTaken
from app.cutover.course import Course
from app.cutover.exchanges import Request
from app.cutover.journal import Mark
from app.cutover.records import Found, found, parsed
from app.cutover.replies import Doubtful, Reply

QUEUED = "queued"


@dataclass
class Following:
    """Its methods raise `OSError` where the journal cannot be written: then no client may be told that it is done."""

    course: Course
    copying: Copying

    async def follow(self, request: Request, target: Target, mark: Mark, reply: Reply, *, queued: bool) -> None:
        """What an answer of 500 or more has done nobody knows, and the journal keeps it open. Raises `OSError`."""
        if reply.status >= 500:
            return
        if reply.status >= 400:
            self.nothing_happened(mark)
        elif target.kind == "record":
            await self._of_one(request, target, mark, reply, queued=queued)
        else:
            await self._of_some(request, target, mark, reply, queued=queued)

    def nothing_happened(self, mark: Mark) -> None:
        """The leading side has not changed. What was open before stays so."""
        if mark.opened:
            self.settle(mark)

    def settle(self, mark: Mark) -> None:
        """An entry that cannot be closed is looked at again, which changes nothing."""
        with suppress(OSError):
            self.course.journal.settle(mark)

    async def _of_one(self, request: Request, target: Target, mark: Mark, reply: Reply, *, queued: bool) -> None:
        one = _one(target, reply)
        if queued or (one is None and request.method != "DELETE") or not _is_json(reply):
            self.course.journal.owe(mark, QUEUED)
        elif request.method == "DELETE":
            await self.copy(mark, None, query=request.query)
        elif one:
            await self.copy(mark, one.json)

    async def _of_some(self, request: Request, target: Target, mark: Mark, reply: Reply, *, queued: bool) -> None:
        """What was created; of another answer nobody knows what it has changed, and both lists are compared."""
        created = records(reply) if target.kind == "list" and request.method == "POST" else None
        if created is None:
            self.course.journal.owe(mark, "any record may have changed")
            return
        for one in created:
            its = self.course.journal.begin(target.resource, one.identity)
            if queued:
                self.course.journal.owe(its, QUEUED)
            else:
                await self.copy(its, one.json, created=True)
        self.settle(mark)

    async def copy(self, mark: Mark, record: bytes | None, *, created: bool = False, query: str = "") -> None:
        """To the side that follows. Raises `OSError`."""
        to, (resource, identity) = self.course.stage.follows, mark.key
        if to is None:
            return
        try:
            await self.copying.copy(to, resource, str(identity), record, created=created, query=query)
        except NotTaken as error:
            self.course.journal.refuse(mark, error.reasons)
            self.course.say(f"the {to} side does not take a record of {resource}: {', '.join(error.reasons)}")
        except Behind as error:
            self.course.failed(to, str(error))
            self.course.journal.owe(mark, str(error))
            if to == "old":
                self.course.journal.doubt()
        else:
            self.course.succeeded(to)
            self.course.status.copied(to)
            self.settle(mark)


def _one(target: Target, reply: Reply) -> Found | None:
    """The record of the address."""
    them = records(reply) or ()
    return them[0] if len(them) == 1 and them[0].identity == target.identity else None


def _is_json(reply: Reply) -> bool:
    """Else it is not the side's own answer, and nobody knows what it has done."""
    with suppress(Doubtful):
        return parsed(reply.answer().body) is not None
    return False


def records(reply: Reply) -> Sequence[Found] | None:
    """In an answer that came whole; None where it does not say which."""
    try:
        return found(reply.answer().body)
    except Doubtful:
        return None
