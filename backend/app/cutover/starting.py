"""The side that is to follow gets all that the leading one has: when `copy` begins, and a way back from `done`.

From then on the journal notes what is written, so that what came meanwhile is copied at the end; nobody waits but for
that. The new side gets its records by the importer, in one transaction, if `DATABASE_URL` says where; else, as the old
side does, by requests.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from app.cutover.copying import Behind, Copying, NotTaken
from app.cutover.course import Course
from app.cutover.importing import REPORT, imported
from app.cutover.records import Record, alike_records, by_identity, identity_of, text_of
from app.cutover.replies import Absent, Lost
from app.cutover.stages import SideName, other
from app.importer.files import Unwritable
from app.resource.resource import Resource


class NotStarted(Exception):
    """The sides are not level; the text is a sentence that says why."""


@dataclass
class Starting:
    course: Course
    copying: Copying
    resources: Sequence[Resource]
    database: str | None
    """The new side's, for libpq."""
    folder: Path

    async def fill(self) -> None:
        """Make the side that will follow have what the leading one has now. Raises `NotStarted`."""
        leads = self.course.stage.leads
        lists = await self._lists(leads)
        try:
            if leads == "old" and self.database:
                await self._import(lists, self.database)
            else:
                await self._send(lists, other(leads))
        except (Lost, Behind) as error:
            raise NotStarted(f"the {other(leads)} side does not answer as it should ({error})") from error
        except (OSError, Unwritable) as error:
            raise NotStarted(f"a file cannot be written ({error})") from error

    async def _lists(self, leads: SideName) -> Mapping[str, Sequence[Record]]:
        """What the leading side has. Raises `NotStarted`."""
        try:
            if leads == "old" and await self.copying.is_exchanged():
                raise NotStarted("what --old names answers as this server does: are --old and --new exchanged?")
            them = {one.path: await self._list(leads, one.path) for one in self.resources}
        except Lost as error:
            raise NotStarted(f"the {leads} side does not answer as it should ({error})") from error
        if lists := {path: records for path, records in them.items() if records is not None}:
            return lists
        raise NotStarted(f"the {leads} side has none of {', '.join(them)}")

    async def _list(self, side: SideName, resource: str) -> Sequence[Record] | None:
        """None of a collection that is not there."""
        try:
            return await self.copying.list(side, resource)
        except Absent:
            return None

    async def _import(self, lists: Mapping[str, Sequence[Record]], database: str) -> None:
        done = await asyncio.to_thread(imported, lists, self.resources, database, self.folder)
        if done.report.status != "complete":
            raise NotStarted(done.report.sentence or f"not every record could be imported: {self.folder / REPORT}")
        for bad in done.bad:
            self._refuse(bad.path, lists[bad.path][bad.place], bad.reasons)
        self.course.say(f"imported {done.report.totals['records']} records, {len(done.bad)} were not taken")

    async def _send(self, lists: Mapping[str, Sequence[Record]], to: SideName) -> None:
        """What stands in another place on that side goes and comes again. Raises `Lost` and `Behind`."""
        for resource, records in lists.items():
            lead, there = by_identity(records), by_identity(await self.copying.list(to, resource))
            kept = _common(list(lead), list(there))
            for identity in list(there)[kept:]:
                await self.copying.copy(to, resource, identity, None)
            for number, (identity, record) in enumerate(lead.items()):
                if number >= kept or not alike_records(record, there[identity]):
                    await self._copy(to, resource, identity, record, created=number >= kept)
        self.course.say(f"sent {sum(map(len, lists.values()))} records to the {to} side")

    async def _copy(self, to: SideName, resource: str, identity: str, record: Record, *, created: bool) -> None:
        try:
            await self.copying.copy(to, resource, identity, text_of(record), created=created)
        except NotTaken as error:
            self._refuse(resource, record, error.reasons)

    def _refuse(self, resource: str, record: Record, reasons: Mapping[str, str]) -> None:
        self.course.journal.refuse(self.course.journal.begin(resource, identity_of(record)), reasons)


def _common(one: Sequence[str], another: Sequence[str]) -> int:
    """How many both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, another, strict=False)))
