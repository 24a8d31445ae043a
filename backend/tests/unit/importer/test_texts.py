"""The importer's pure parts on text: places, where values end, and a document read in pieces of any size."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importer import json_text
from app.importer.check import Checker
from app.importer.document import Cut, Document, cuts
from app.importer.json_text import Broken, Member, demand_json, end_of_value, members
from app.importer.place import Place, pointer
from app.importer.source import CHUNK, LONGEST, Source, Unreadable
from app.resources import PATIENTS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", Place(1, 1)),
        ("abc", Place(1, 4)),
        ("Zoë😀", Place(1, 5)),
        ("\n", Place(2, 1)),
        ("a\r\nbc", Place(2, 3)),
        ("\n\n\tx", Place(3, 3)),
    ],
)
def test_a_place_counts_lines_and_characters(text: str, place: Place) -> None:
    assert Place().after(text.encode()) == place


@given(st.text("a\n\rë😀"), st.text("a\n\rë😀"))
def test_places_add_up(one: str, other: str) -> None:
    assert Place().after(one.encode()).after(other.encode()) == Place().after((one + other).encode())


def test_a_pointer_escapes_as_the_rfc_says() -> None:
    assert pointer("patients", 3, "a/b~c", "") == "/patients/3/a~1b~0c/"


@given(JSON, st.text("]},x \n", max_size=3))
def test_a_value_ends_where_it_ends(value: object, behind: str) -> None:
    text = json.dumps(value).encode()
    is_word = not text.startswith((b"{", b"[", b'"'))
    assert end_of_value(text + (b"," if is_word else b"") + behind.encode(), 0) == len(text)


@given(JSON)
def test_an_unfinished_value_does_not_end(value: object) -> None:
    text = json.dumps(value).encode()
    assert all(end_of_value(text[:length], 0) is None for length in range(len(text)))


@pytest.mark.parametrize(("text", "at"), [("[1}", 2), ('{"a": [}', 7), ("}", 0), (",", 0), ("[[[]]}", 5)])
def test_a_wrong_bracket_is_found(text: str, at: int) -> None:
    with pytest.raises(Broken) as error:
        end_of_value(text.encode(), 0)
    assert error.value.at == at


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.sampled_from([None, 2]))
def test_members_are_those_of_the_object(value: dict[str, object], indent: int | None) -> None:
    text = json.dumps(value, indent=indent).encode()
    found = list(members(text))
    assert {member.name: json.loads(member.raw) for member in found} == value
    assert all(text[member.at :].startswith(member.raw) for member in found)


def test_members_repeat_as_they_stand() -> None:
    assert list(members(b'{ "a" : 1 ,"\\u0061":[2]}')) == [Member("a", 8, b"1"), Member("a", 20, b"[2]")]


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", '"a\nb"', "[" * 5000 + "]" * 5000, "9" * 5000])
def test_what_only_a_record_cannot_keep_is_no_broken_file(text: str) -> None:
    demand_json(text.encode())


def fault_of(text: bytes) -> tuple[str, int] | None:
    try:
        demand_json(text)
    except Broken as error:
        return error.message, error.at
    return None


@given(JSON, st.integers(0, 200), st.sampled_from([*'[]{},:"x1 ', ""]), st.integers(1, 30))
def test_a_long_text_is_json_if_it_would_be_as_a_short_one(value: object, at: int, instead: str, piece: int) -> None:
    """What is long is set so low that nearly all is."""
    text = json.dumps(value)
    text = text[:at] + instead + text[at + 1 :] if instead else text
    whole = fault_of(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "_PIECE", piece)
        in_pieces = fault_of(text.encode())
    assert (in_pieces is None) == (whole is None)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (b'{"a": [1, 2, [nope, 3]], "b": 4}', "Expecting value", 14),
        (b'[{"a": 1}, {"a" 1}]', "Expecting ':' delimiter", 16),
        (b'[{"a": 1}, {a: 1}]', "Expecting property name enclosed in double quotes", 12),
        (b'["a", "b" "c"]', "Expecting ',' delimiter", 10),
        (b"[1,, 2]", "Expecting value", 3),
        (b"[ , 2]", "Expecting value", 2),
        (b'{"a": 1,, "b": 2}', "Expecting property name enclosed in double quotes", 8),
        ('["é", 😀]'.encode(), "Expecting value", 7),
    ],
)
@pytest.mark.parametrize("piece", [1, 4, 9, 1 << 20])
def test_a_fault_of_a_long_text_has_its_place(
    text: bytes, message: str, at: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "_PIECE", piece)
    assert fault_of(text) == (message, at)


RECORDS = [
    {"id": "1", "patientID": "P1", "name": "Zoë", "age": 4, "gender": "Male", "medicalCondition": "x", "lastVisit": "2024-01-01"},  # noqa: E501
    {"id": "2", "patientID": "P2", "name": "\"\\", "age": 4, "gender": "Male", "medicalCondition": "😀", "lastVisit": "2024-01-01"},  # noqa: E501
    {"a": [{"b": "}]"}]},
    12,
    None,
    "text",
]  # fmt: skip
DOCUMENT = json.dumps({"before": [1, {"x": 2}], "patients": RECORDS, "after": {"y": [3]}}, indent=1, ensure_ascii=False)


class Trickle(io.BytesIO):
    """A stream that gives at most so many bytes at once, as a pipe may."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(self._most, size or 0))


def read(content: bytes, most: int) -> list[Cut]:
    document = Document(Source(Trickle(content, most)), ["patients"])
    return [one for name in document.lists() for one in document.elements(name, lambda _: None) if isinstance(one, Cut)]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 64, 10**6])
def test_a_document_is_the_same_in_pieces_of_any_size(most: int) -> None:
    cuts = read(DOCUMENT.encode(), most)
    assert [json.loads(cut.raw) for cut in cuts] == RECORDS
    lines = DOCUMENT.split("\n")
    for raw, place in cuts:
        assert lines[place.line - 1][place.column - 1 :].encode().startswith(raw.split(b"\n")[0])


@given(
    st.lists(st.sampled_from(RECORDS[:3]), min_size=1, max_size=30),
    st.sampled_from([None, 1, 2]),
    st.integers(40, 9999),
)
def test_plain_records_are_taken_many_at_a_time_and_no_other(records: list[Any], indent: int | None, most: int) -> None:
    content = json.dumps({"patients": records}, indent=indent, ensure_ascii=False).encode()
    document, plain = Document(Source(Trickle(content, most)), ["patients"]), Checker(PATIENTS).plain
    found = [
        [one] if isinstance(one, Cut) else one for _ in document.lists() for one in document.elements("patients", plain)
    ]
    rows = [plain(one.raw) if isinstance(one, Cut) else [one] for some in found for one in some]
    assert rows == [plain(json.dumps(record, ensure_ascii=False).encode()) for record in records]


def test_any_element_is_found_again_from_where_it_began() -> None:
    content = DOCUMENT.encode()
    for number, (raw, place) in enumerate(found := read(content, 10**6)):
        begin = len("".join(DOCUMENT.splitlines(keepends=True)[: place.line - 1]).encode()) + place.column - 1
        assert content[begin:].startswith(raw)
        assert list(cuts(Source(io.BytesIO(content[begin:]), begin, place))) == found[number:]


@pytest.mark.parametrize("most", [1, 5, 10**6])
@pytest.mark.parametrize("content", [b"\xff\xfe{\0", b"", b"\xef\xbb\xbf", DOCUMENT.encode()[:-3], b'{"a": "\xc3"}'])
def test_a_fault_is_the_same_in_pieces_of_any_size(content: bytes, most: int) -> None:
    def fault(size: int) -> tuple[object, ...]:
        with pytest.raises(Unreadable) as error:
            read(content, size)
        return error.value.message, error.value.place, error.value.offset

    assert fault(most) == fault(10**6)


def test_a_value_that_never_ends_does_not_fill_the_memory() -> None:
    with pytest.raises(Unreadable, match="longer than 16 MiB, or was never closed"):
        read(b'{"patients": ["' + b"x" * (65 << 20), 1 << 30)


@pytest.mark.parametrize("before", [0, 1, CHUNK, LONGEST // 2])
def test_how_long_a_value_may_be_does_not_depend_on_where_it_stands(before: int) -> None:
    def value(length: int) -> bytes:
        source = Source(io.BytesIO(b" " * before + b'"' + b"x" * (length - 2) + b'",'))
        source.peek()
        return source.value()

    assert len(value(LONGEST)) == LONGEST
    with pytest.raises(Unreadable, match="longer than 16 MiB"):
        value(LONGEST + 1)
