"""What the feed keeps of the latest changes: pages of it are those of the journal, whoever asks and however little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.limits import RECENT, STREAM_BYTES
from app.services.changes import END, START, Asked, Change, Cursor, Page, cursor
from app.services.feed import Recent

ALL = Asked(("a", "b"))
_CURSORS = st.builds(Cursor, st.integers(0, END.epoch), st.integers(0, END.place), st.integers(0, END.seq))


@given(_CURSORS)
def test_a_cursor_is_read_as_it_was_written(given: Cursor) -> None:
    assert cursor(str(given)) == given


@given(st.text() | st.from_regex(r"\d{1,20}\.\d{1,20}\.\d{1,20}"))
def test_everything_else_is_none(text: str) -> None:
    try:
        read = cursor(text)
    except ValueError:
        return
    assert START <= read <= END
    assert tuple(map(int, text.split("."))) == read


def changes(count: int, first: int = 1, size: int = 1) -> list[Change]:
    return [Change(Cursor(1, n // 3, n), "ab"[n % 2], str(n % 5), b"x" * size) for n in range(first, first + count)]


def kept(told: list[Change], step: int) -> Recent:
    """As it comes from the journal, so many at a time."""
    recent = Recent(START)
    for begin in range(0, len(told), step):
        some = told[begin : begin + step]
        recent.add(Page(some, some[-1].cursor))
    return recent


@given(
    st.integers(0, 60),
    st.integers(1, 60),
    st.integers(1, 10),
    st.integers(0, 60),
    st.sampled_from([ALL, Asked(("b",)), Asked(("a",), ("1", "2"))]),
)
def test_whoever_goes_on_page_by_page_sees_what_they_ask_for(
    count: int, step: int, limit: int, begun: int, asked: Asked
) -> None:
    told = changes(count)
    recent = kept(told, step)
    since, seen, more = Cursor(1, begun // 3, begun), list[Change](), True
    while more:
        page = recent.page(since, asked, limit)
        assert page
        assert len(page.changes) <= limit
        assert page.next >= since
        since, more = page.next, page.more
        seen += page.changes
    assert seen == [one for one in told if one.cursor > Cursor(1, begun // 3, begun) and asked.covers(one)]


@pytest.mark.parametrize("size", [1, 50_000])
def test_what_is_forgotten_is_not_told_in_part(size: int) -> None:
    told = changes(RECENT + 10, size=size)
    recent = kept(told, 500)
    oldest = next(one for one in told if recent.page(one.cursor, ALL, 1))
    assert recent.page(START, ALL, 1) is None
    rest, since = [one for one in told if one.cursor > oldest.cursor], oldest.cursor
    while page := recent.page(since, ALL, 500):
        assert page.more == (len(page.changes) < len(rest))
        assert list(page.changes) == rest[: len(page.changes)]
        assert sum(len(one.json) for one in page.changes[:-1]) < STREAM_BYTES
        rest, since = rest[len(page.changes) :], page.next
        if not rest:
            break
