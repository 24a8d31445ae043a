"""The parts of the program, put together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.responses import Response

from app.cutover import faces
from app.cutover.admin import Admin, Page, as_json
from app.cutover.asking import Asking
from app.cutover.changing import Changing
from app.cutover.copying import Copying
from app.cutover.course import Course
from app.cutover.events import Events
from app.cutover.flags import FlagFile
from app.cutover.following import Following
from app.cutover.front import Front
from app.cutover.journal import Journal, JournalError
from app.cutover.minting import Minting
from app.cutover.notifying import Notifying
from app.cutover.place import Place
from app.cutover.reading import Reading
from app.cutover.releases import Release
from app.cutover.resyncing import Resyncing
from app.cutover.shadow import Shadow
from app.cutover.sides import Side
from app.cutover.starting import Starting
from app.cutover.status import Status
from app.cutover.verifying import Unread, Verification, verify
from app.cutover.writing import Writing
from app.resource.resource import Resource

_Look = Callable[[], Awaitable[Verification]]


@dataclass(frozen=True)
class Plan:
    """What the command line asks for."""

    old: str
    new: str
    release: Release
    place: Place
    timeout: float
    """Seconds that an answer may take to begin."""
    notify: str
    database: str | None
    """The new side's, for libpq."""
    resources: Sequence[Resource]


@dataclass
class Parts:
    old: Side
    new: Side
    front: Front
    admin: Admin
    changing: Changing
    resyncing: Resyncing


def course(plan: Plan) -> Course:
    """What the folder says. Raises `JournalError` and `OSError`."""
    file, events, status = FlagFile(plan.place.flags), Events(plan.place.events), Status()
    if file.changed() and file.good.stage in ("new", "done") and not plan.place.journal.exists():
        raise JournalError(f"{file.path} says {file.good.stage}, and the journal beside it is missing: remove it")
    found = Course(file, Journal(plan.place.journal), status, events)
    file.forget()
    if not file.path.exists():
        found.keep_stage()
    for event in events.recent():
        status.event(event)
    return found


def parts(plan: Plan, course: Course) -> Parts:
    old = Side("old", plan.old, plan.timeout, safe_head=plan.release.safe_head)
    new = Side("new", plan.new, plan.timeout)
    sides = {side.name: side for side in (old, new)}
    copying = Copying(sides, plan.release)
    asking, following = Asking(course, sides), Following(course, copying)
    writing = Writing(course, asking, following, Minting(course, asking, following))
    resyncing = Resyncing(course, copying)
    starting = Starting(course, copying, plan.resources, plan.database, plan.place.folder)
    shadow = Shadow(course, sides, plan.resources, plan.release.version)
    front = Front(course, sides, {one.path: one for one in plan.resources}, Reading(course, asking, shadow), writing)

    look = partial(verify, old, new, plan.resources, plan.release.version)
    changing = Changing(course, writing, resyncing, starting, partial(_unequal, look))
    admin = Admin(course, changing, _pages(course) | {"/verify.json": partial(_verified, look)})
    if plan.notify:
        course.alarm = Notifying(plan.notify).tell
    return Parts(old, new, front, admin, changing, resyncing)


async def _unequal(look: _Look) -> str:
    try:
        return (await look()).summary
    except Unread as error:
        return str(error)


async def _verified(look: _Look) -> Response:
    try:
        found = await look()
    except Unread as error:
        return as_json({"unequal": str(error)})
    return as_json({"unequal": found.text} | found.as_json())


def _pages(course: Course) -> dict[str, Page]:
    return {
        "/": lambda: faces.page(facts(course)),
        "/page.css": partial(faces.file, "page.css"),
        "/page.js": partial(faces.file, "page.js"),
        "/metrics": lambda: faces.metrics(facts(course)),
        "/status.json": lambda: as_json(facts(course)),
    }


def facts(course: Course) -> dict[str, Any]:
    journal = course.journal
    return {
        "stage": course.stage.name,
        "share": course.flags.share,
        "wanted": course.flags.stage,
        "starting": course.noting,
        "held": course.held,
        "flags_fault": course.file.fault,
        "journal": {
            "open": len(journal.open),
            "owed": len(journal.owed),
            "unfinished": len(journal.open) - len(journal.owed),
            "refused": [
                {"resource": resource, "id": identity, "reasons": reasons}
                for (resource, identity), reasons in journal.refused.items()
            ],
        },
    } | course.status.as_json()
