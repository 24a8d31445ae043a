"""The feed: pages of changes, and those who follow. Executes statements; knows no HTTP.

While somebody follows, one task looks for news on behalf of all: at once after a write of this process, else about once
a second. PostgreSQL's NOTIFY would make the writes take turns (its lock is held over the commit). What the task finds
is kept for a while, so that a thousand who follow cost PostgreSQL as much as one.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from math import nan

from app.database import Database, now
from app.errors import DatabaseUnavailable, Gone, TooManyFollowers
from app.limits import RECENT, RECENT_BYTES, STREAM_BYTES, STREAMS
from app.resource.resource import Resource
from app.services.changes import END, LAG, Asked, Change, Cursor, Page, Pages, found

# In seconds, between two looks.
_SELDOM = 0.8  # others' writes are told within 1.2
_SOON = 0.02  # after a write of ours that an older transaction may still hold up; each time twice as long
_AT_LEAST = 0.03  # what is written meanwhile is told together: each look takes from the writes

_MADE_ELSEWHERE = "The database was restored from a dump. Whoever runs this server must run: alembic upgrade head"


class Feed:
    """The changes of these resources in one database, which keeps them so many days."""

    def __init__(self, database: Database, resources: Sequence[Resource], days: int | None = None) -> None:
        self._database, self._pages = database, Pages(resources, days)
        self.every = self._pages.every
        self._following: set[object] = set()
        self._recent: Recent | None = None
        self._watching: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.closed = False

    async def page(self, since: Cursor, asked: Asked, limit: int, size: int = STREAM_BYTES) -> Page:
        """The changes behind a cursor; at most `limit`, and none behind the first `size` bytes. Behind `END`: none, and
        where the next one will be.

        Raises `Gone` for a cursor that is not on record.
        """
        rows = await self._database.rows(self._pages.page(since, asked, limit, size))
        page, known, made_elsewhere = found(rows, since)
        if made_elsewhere:
            raise DatabaseUnavailable(_MADE_ELSEWHERE)
        if not known:
            raise Gone
        return page

    async def present(self) -> Cursor:
        """Behind every change that is told by now."""
        return (await self.page(END, self.every, 1)).next

    async def checked(self, since: Cursor) -> Cursor:
        """The cursor itself, or the present one for `END`. Raises `Gone`."""
        page = await self.page(since, self.every, 1)
        return page.next if since == END else since

    @contextmanager
    def followed(self, since: Cursor, asked: Asked, limit: int) -> "Iterator[Follower]":
        """Raises `TooManyFollowers`."""
        self.admit()
        follower = Follower(self, since, asked, limit)
        self._following.add(follower)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            yield follower
        finally:
            self._following.remove(follower)

    def admit(self) -> None:
        """Raises `TooManyFollowers` where there is no room for one more."""
        if len(self._following) >= STREAMS:
            raise TooManyFollowers

    @property
    def followers(self) -> int:
        return len(self._following)

    async def lag(self) -> float:
        """Seconds since the oldest change that cannot be told yet, for an older transaction is under way."""
        try:
            return float((await self._database.rows(LAG))[0][0])
        except DatabaseUnavailable:
            return nan

    def close(self) -> None:
        """Whoever follows learns that it is over, also who comes now: an EventSource that is refused gives up."""
        self.closed = True
        self._tell()
        if self._watching:
            self._watching.cancel()

    @property
    def news(self) -> asyncio.Event:
        """Set when there is any; another one each time."""
        return self._news

    def recent(self, since: Cursor, asked: Asked, limit: int) -> Page | None:
        """As `page`, of what is kept; None where that begins later."""
        return self._recent.page(since, asked, limit) if self._recent else None

    async def _watch(self) -> None:
        pause = _SOON
        while self._following:
            self._database.written.clear()
            await self._look()
            await asyncio.sleep(_AT_LEAST)
            pause = _SOON if await _within(pause, self._database.written) else min(2 * pause, _SELDOM)
        self._watching = self._recent = None

    async def _look(self) -> None:
        try:
            await self._look_on(self._recent or await self._begin())
        except Gone:  # somebody emptied the journal
            self._recent = None
        except DatabaseUnavailable:  # what comes meanwhile is told when it is back
            return

    async def _begin(self) -> "Recent":
        self._recent = Recent(await self.present())
        self._tell()
        return self._recent

    async def _look_on(self, recent: "Recent") -> None:
        more = True
        while more:
            page = await self.page(recent.end, self.every, RECENT // 4, RECENT_BYTES // 4)
            recent.add(page)
            if page.changes:
                self._tell()
            more = page.more

    def _tell(self) -> None:
        told, self._news = self._news, asyncio.Event()
        told.set()


class Follower:
    """One who follows from a cursor on; `cursor` is where they are."""

    def __init__(self, feed: Feed, since: Cursor, asked: Asked, limit: int) -> None:
        self._feed, self._asked, self._limit = feed, asked, limit
        self.cursor = since

    async def next(self, patience: float) -> Page:
        """What comes next, as soon as it is there. After so many seconds, or when the feed is closed, an empty page.

        Raises `Gone` and `DatabaseUnavailable` as `Feed.page`.
        """
        end = now() + patience
        while True:
            news = self._feed.news  # that of before the look: what comes meanwhile is not missed
            page = await self._page()
            self.cursor = page.next
            if page.changes or self._feed.closed or not await _within(end - now(), news):
                return page

    async def _page(self) -> Page:
        recent = self._feed.recent(self.cursor, self._asked, self._limit)
        return recent or await self._feed.page(self.cursor, self._asked, self._limit)


class Recent:
    """The latest changes behind a cursor: each that there is, up to `end`."""

    def __init__(self, since: Cursor) -> None:
        self._since = self.end = since
        self._changes: list[Change] = []
        self._size = 0

    def add(self, page: Page) -> None:
        self._changes += page.changes
        self._size += sum(len(change.json) for change in page.changes)
        self.end = page.next
        dropped = 0
        while self._size > RECENT_BYTES or len(self._changes) - dropped > RECENT:
            self._size -= len(self._changes[dropped].json)
            self._since = self._changes[dropped].cursor
            dropped += 1
        del self._changes[:dropped]

    def page(self, since: Cursor, asked: Asked, limit: int) -> Page | None:
        """As `Feed.page`; None where something behind the cursor is not kept."""
        if since < self._since:
            return None
        behind = bisect_right(self._changes, since, key=lambda change: change.cursor)
        told = [change for change in self._changes[behind:] if asked.covers(change)]
        fitting = _fitting(told, limit, STREAM_BYTES)
        more = fitting < len(told)
        return Page(told[:fitting], told[fitting - 1].cursor if more else max(self.end, since), more)


def _fitting(changes: Sequence[Change], limit: int, size: int) -> int:
    """How many of the first ones: at most `limit`, and none behind the first `size` bytes."""
    sizes = list(accumulate(len(change.json) for change in changes))
    return min(limit, bisect_left(sizes, size) + 1, len(changes))


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Whether it was set in this time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False
