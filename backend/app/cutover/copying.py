"""One record of the leading side, brought to the other as a whole: repeating it changes nothing."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cutover.addresses import list_path, record_path
from app.cutover.exchanges import Answer, Request
from app.cutover.records import Record, alike, identity_of, parsed
from app.cutover.releases import Release
from app.cutover.replies import Absent, Doubtful, Lost, Reply
from app.cutover.sides import Side
from app.cutover.stages import SideName

JSON = {"content-type": "application/json", "accept": "application/json"}
_PATIENCE = 3.0  # seconds for one copy: whoever writes waits for it


class NotTaken(Exception):
    """The other side will not have this record. `reasons` says why, by field; nothing of a value."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("not taken")
        self.reasons = reasons


class Behind(Exception):
    """The other side could not be written now; the text says why, in a word."""


@dataclass
class Copying:
    sides: Mapping[SideName, Side]
    release: Release

    @property
    def late(self) -> Collection["asyncio.Task[Reply]"]:
        """Writes to either side that may still happen: what is copied meanwhile may be written over by them."""
        return [write for side in self.sides.values() for write in side.late]

    async def is_exchanged(self) -> bool:
        """Whether it is this server that stands on the old side: then what is there would be taken for the truth, and
        json-server emptied. Raises `Lost`."""
        answer = await self.sides["old"].ask(Request("GET", "/health/live", "", JSON))
        return answer.status == 200 and parsed(answer.body) is not None

    async def read(self, side: SideName, resource: str, identity: str) -> bytes | None:
        """One record as JSON; None where there is none. Raises `Lost`, also for what is no such record."""
        answer = await self._ask(side, Request("GET", record_path(resource, identity), "", JSON))
        if answer.status == 404:
            return None
        if answer.status != 200 or identity_of(parsed(answer.body)) != identity:
            raise Doubtful(f"no record, {answer.status}")
        return answer.body

    async def list(self, side: SideName, resource: str) -> Sequence[Record]:
        """All its records. Raises `Lost`, also for what is no list: or all records would be taken for deleted."""
        answer = _own(await self.sides[side].ask(Request("GET", list_path(resource), "", JSON)))
        said = parsed(answer.body)
        if answer.status == 404:
            raise Absent(f"no list of {resource}, 404")
        if answer.status != 200 or not isinstance(said, list):
            raise Doubtful(f"no list of {resource}, {answer.status}")
        return said

    async def copy(
        self,
        to: SideName,
        resource: str,
        identity: str,
        record: bytes | None,
        *,
        created: bool = False,
        query: str = "",
    ) -> None:
        """Make that side have it, or, None, not have it. `query` goes with a deletion.

        A creation is a POST and never a PUT: json-server 1.0.0-beta.3 makes one of 65,536 ids, and a PUT to one that
        it has made twice would overwrite the earlier record. Raises `NotTaken` and `Behind`.
        """
        try:
            if record is None:
                await self.delete(to, resource, identity, query)
            elif created or not await self._put(to, resource, identity, record):
                await self._post(to, resource, identity, record)
        except Lost as error:
            raise Behind(str(error)) from error

    async def delete(self, to: SideName, resource: str, identity: str, query: str = "") -> None:
        """What is not there is deleted. Raises as `copy`, and `Lost`."""
        answer = await self._ask(to, Request("DELETE", record_path(resource, identity), query, {}))
        if answer.status != 404:
            _demand_taken(answer)

    async def _put(self, to: SideName, resource: str, identity: str, record: bytes) -> bool:
        """False where there is no such record."""
        answer = await self._ask(to, Request("PUT", record_path(resource, identity), "", JSON, record))
        if answer.status != 404:
            _demand_taken(answer)
        return answer.status != 404

    async def _post(self, to: SideName, resource: str, identity: str, record: bytes) -> None:
        if to == "old" and not self.release.keeps_ids:
            raise NotTaken({"id": f"json-server {self.release.version} creates no record with a given id"})
        answer = await self._ask(to, Request("POST", list_path(resource), "", JSON, record))
        if answer.status in (409, 500):
            await self._demand_there(to, resource, identity, record, answer)
            return
        _demand_taken(answer)
        if (made := identity_of(parsed(answer.body))) and made != identity:
            await self.delete(to, resource, made)
            raise NotTaken({"id": "it makes an id of its own; --release must name the json-server that runs"})

    async def _demand_there(self, to: SideName, resource: str, identity: str, record: bytes, refusal: Answer) -> None:
        """A known id is 409, and 500 of json-server 0.17.4: fine where it is of this very record."""
        there = await self.read(to, resource, identity)
        if there is None:
            _demand_taken(refusal)
        elif not alike(there, record):
            raise NotTaken({"id": "another record has it"})

    async def _ask(self, side: SideName, request: Request) -> Answer:
        return _own(await self.sides[side].ask(request, _PATIENCE))


def _own(answer: Answer) -> Answer:
    """What both say is JSON, but for beta.3's 404; other words are of something between. Raises `Doubtful`."""
    foreign = parsed(answer.body) is None and answer.body != b"Not Found"
    if foreign and (answer.status < 300 or answer.status == 404):
        raise Doubtful(f"no JSON, {answer.status}")
    return answer


def _demand_taken(answer: Answer) -> None:
    if answer.status >= 500:
        raise Behind(str(answer.status))
    if answer.status >= 300:
        raise NotTaken(_reasons(answer))


def _reasons(answer: Answer) -> Mapping[str, str]:
    """By field: the sentences of this server's problem+json name no value."""
    said: Any = parsed(answer.body)
    errors = said.get("errors") if isinstance(said, dict) else None
    if isinstance(errors, dict) and errors:
        return {str(field): str(sentence) for field, sentence in errors.items()}
    return {"": f"answered with {answer.status}"}
