"""Server-sent events, read as the standard says (WHATWG HTML, 9.2.6): whatever is in the data cannot make another."""

import re

from hypothesis import given
from hypothesis import strategies as st

from app.api import events


def read(stream: bytes) -> list[tuple[str, str, str]]:
    """(id, name, data) of each event that a browser would hand on."""
    found, last, name, data = [], "", "", list[str]()
    for line in re.split(r"\r\n|\r|\n", stream.decode()):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        last = value if field == "id" else last
        name = value if field == "event" else name
        data += [value] if field == "data" else []
        if not line:
            found += [(last, name, "\n".join(data))] if data else []
            name, data = "", []
    return found


_TEXT = st.text(alphabet=st.one_of(st.sampled_from("\r\n: dataidevent\u2028\u0085\v\f"), st.characters(codec="utf-8")))


@given(st.lists(_TEXT))
def test_each_event_comes_out_as_one_with_all_of_its_data(texts: list[str]) -> None:
    stream = events.begin("1.1.0", 3)
    for number, text in enumerate(texts):
        stream += events.event(f"1.1.{number}", text.encode()) + events.heartbeat(f"1.1.{number}")
    told = [(f"1.1.{number}", "", re.sub(r"\r\n|\r", "\n", text)) for number, text in enumerate(texts)]
    assert read(stream) == told


def test_the_beginning_and_a_heartbeat_are_no_events() -> None:
    assert read(events.begin("1.2.3", 3) + events.heartbeat("1.2.4")) == []
    assert events.begin("1.2.3", 3) == b"retry: 3000\n:\nid: 1.2.3\n\n"


def test_an_event_with_a_name() -> None:
    assert read(events.event("1.2.3", b"{}", "reset")) == [("1.2.3", "reset", "{}")]
