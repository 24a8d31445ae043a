"""GET /changes: what has changed, as a page, as a page that waits for a change, or as server-sent events."""

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import NamedTuple

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional, events, operations
from app.api.access import actor_of
from app.api.thin import ThinRoute, named
from app.errors import DatabaseUnavailable, Gone, Invalid, TooManyFollowers
from app.limits import CHANGES, CHANGES_MOST, HEARTBEAT, LIST_BYTES, RETRY, STREAM_SECONDS, WAIT
from app.services.changes import END, OLDEST, Asked, Cursor, Page, cursor
from app.services.feed import Feed, Follower

_WHOLE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_OUTAGE = 1.0  # seconds between two attempts
_HEADERS = {"Cache-Control": conditional.CACHE_CONTROL}


class _Wanted(NamedTuple):
    """What a request asks for: the changes behind a cursor, so many at once, and how many seconds it waits for one."""

    since: Cursor
    of: Asked
    limit: int
    wait: float


def router(feed: Feed) -> APIRouter:
    """`GET /changes`. HEAD waits for nothing; whoever follows does so no longer than they may."""
    routes = APIRouter(tags=["changes"], route_class=ThinRoute)

    says = named("listChanges", "List what has changed, in the order in which it took effect.")

    @routes.get("/changes", **says, openapi_extra=operations.changes(feed.every.resources))
    async def changes(request: Request) -> Response:
        """Each change once, with the record as it is now. With `Accept: text/event-stream` as server-sent events."""
        streamed = events.MEDIA_TYPE in request.headers.get("accept", "")
        wanted = _wanted(request.query_params, feed.every)
        if streamed and (behind := request.headers.get("last-event-id")):
            wanted = wanted._replace(since=_cursor("Last-Event-ID", behind))
        answer = await (_stream if streamed else _page)(feed, wanted, _seconds(request))
        answer = answer if streamed else await conditional.compressed(request, answer)
        answer.headers.add_vary_header("Accept")
        return answer

    return routes


async def _page(feed: Feed, wanted: _Wanted, seconds: float) -> Response:
    page = await feed.page(wanted.since, wanted.of, wanted.limit, LIST_BYTES)
    wait = min(wanted.wait, seconds)
    if not page.changes and wait > 0:
        with feed.followed(page.next, wanted.of, wanted.limit) as follower:
            page = await follower.next(wait)
    return Response(_json(page), 200, _HEADERS, "application/json")


async def _stream(feed: Feed, wanted: _Wanted, seconds: float) -> Response:
    feed.admit()
    try:
        start, gone = await feed.checked(wanted.since), False
    except Gone:  # an EventSource that is refused would never come back
        start, gone = await feed.present(), True
    told = _events(feed, wanted._replace(since=start), seconds, gone=gone)
    return events.EventStream(told, 200, {**_HEADERS, **events.HEADERS})


async def _events(feed: Feed, wanted: _Wanted, seconds: float, *, gone: bool) -> AsyncIterator[bytes]:
    end = time.monotonic() + min(seconds, STREAM_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311 not all come back at once
    # A client that comes back is told why.
    with suppress(Gone, TooManyFollowers), feed.followed(wanted.since, wanted.of, wanted.limit) as follower:
        yield events.begin(str(follower.cursor), RETRY) + (_reset(follower) if gone else b"")
        while not feed.closed and (left := end - time.monotonic()) > 0:
            yield await _next(follower, min(left, HEARTBEAT))


async def _next(follower: Follower, patience: float) -> bytes:
    try:
        page = await follower.next(patience)
    except DatabaseUnavailable:  # an EventSource would be refused, and never come back
        await asyncio.sleep(min(patience, _OUTAGE))
        return events.heartbeat(str(follower.cursor))
    told = b"".join(events.event(str(change.cursor), change.json) for change in page.changes)
    return told or events.heartbeat(str(page.next))


def _reset(follower: Follower) -> bytes:
    """What the client has is no longer enough to go on from: it must read the list again, and goes on from here."""
    cursor = str(follower.cursor)
    return events.event(cursor, json.dumps({"next": cursor}).encode(), "reset")


def _json(page: Page) -> bytes:
    changes, more = b",".join(change.json for change in page.changes), b"true" if page.more else b"false"
    return b'{"changes":[%b],"next":"%b","more":%b}' % (changes, str(page.next).encode(), more)


def _seconds(request: Request) -> float:
    """How long whoever asks may have an answer; none for HEAD, which has no body to wait for."""
    if request.scope.get("bodiless"):
        return 0
    actor = actor_of(request.scope)
    return actor.until - time.time() if actor and actor.until is not None else 2 * STREAM_SECONDS


def _wanted(query: QueryParams, every: Asked) -> _Wanted:
    """Raises `Invalid`, which names the parameter."""
    return _Wanted(
        since=_cursor("_since", query.get("_since", "")),
        of=Asked(_resources(query, every), _ids(query)),
        limit=min(int(_number(query, "_limit", CHANGES, _WHOLE)), CHANGES_MOST),
        wait=min(float(_number(query, "_wait", 0, _SECONDS)), WAIT),
    )


def _cursor(name: str, text: str) -> Cursor:
    known = {"": OLDEST, "now": END}.get(text)
    try:
        return known or cursor(text)
    except ValueError:
        raise Invalid({name: "must be `next` of an answer, or now"}) from None


def _number(query: QueryParams, name: str, otherwise: int, rule: re.Pattern[str]) -> str:
    text = query.get(name) or str(otherwise)
    if not rule.fullmatch(text):
        raise Invalid({name: "must be a whole number above 0" if rule is _WHOLE else "must be a number of seconds"})
    return text


def _resources(query: QueryParams, every: Asked) -> tuple[str, ...]:
    named = tuple(query.getlist("resource")) or every.resources
    if not set(named) <= set(every.resources):
        raise Invalid({"resource": f"must be {' or '.join(every.resources)}"})
    return named


def _ids(query: QueryParams) -> tuple[str, ...] | None:
    """Those that a record can have: PostgreSQL takes no NUL."""
    return tuple(key for key in query.getlist("id") if "\0" not in key) if "id" in query else None
