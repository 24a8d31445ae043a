"""JSON text that is taken, and text that is refused because it could not be kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.resource.strict_json import MAX_DEPTH, MAX_VALUES, InvalidJSON, loads, size, unstorable

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(documents)
def test_every_ordinary_document_is_read_as_it_is(document: object) -> None:
    assert loads(json.dumps(document)) == document
    assert loads(json.dumps(document, ensure_ascii=False)) == document


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "line 1 column 1"),
        (b"{bad", "line 1 column 2"),
        (b'{"a":1}\n{"b":2}', "line 2 column 1"),
        (b"\xff", "UTF-8 at byte 0"),
        (b'"\xed\xa0\x80"', "UTF-8 at byte 1"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "not JSON"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e309", "number"),
        (b"9" * 309 + b"9", "number"),
        (b"9" * 5000, "number"),
        (b'{"a":{"b":1,"b":1}}', "twice"),
        (b'{"a":[' + b"1e308," * 32 + b"{},-1e-308]}", "more than 10000 digits"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deep"),
        (b"[" * 30_000, "deep"),
        (b"[" * 100_000, "values"),
        (b'"\n"', "control character at line 1 column 2$"),
        (b'"', "Unterminated string starting at line 1 column 1$"),
    ],
)
def test_what_could_not_be_kept_is_refused(text: bytes, says: str) -> None:
    with pytest.raises(InvalidJSON, match=says):
        loads(text)


def test_the_deepest_document_allowed_is_taken() -> None:
    assert size(loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)) == (MAX_DEPTH, MAX_DEPTH)


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", (1, 0)), ("{}", (1, 1)), ("[1,[],{}]", (4, 2)), ('{"a":{"b":[null,"x"]},"c":1}', (6, 3))],
)
def test_size(text: str, found: tuple[int, int]) -> None:
    assert size(loads(text)) == found


@pytest.mark.parametrize("value", ["1", '""', "null", "[]", "{}", '{"a":1}', '",[{\\\\\\""', "1.5"])
def test_as_many_values_as_allowed_are_taken_and_no_more(value: str) -> None:
    most = (MAX_VALUES - 1) // size(loads(value))[0]
    assert size(loads(f"[{','.join([value] * most)}]"))[0] == MAX_VALUES - (MAX_VALUES - 1) % most
    for more in (most + 1, most * 3):
        with pytest.raises(InvalidJSON, match=f"more than {MAX_VALUES} values"):
            loads(f"[{','.join([value] * more)}]")


@pytest.mark.parametrize("text", [",[{" * 300_000, '\\",' * 200_000, "\\\\," * 200_000])
def test_punctuation_within_a_text_is_not_counted(text: str) -> None:
    assert size(loads(f'{{"note":"{text}"}}')) == (2, 1)


@pytest.mark.parametrize("text", ['""' * 100_000, "[" + '"\\\\",' * 100_000, '"a":' * 100_000])
def test_what_swarms_is_refused_before_it_is_read(text: str) -> None:
    with pytest.raises(InvalidJSON):
        loads(text)


def test_the_largest_number_allowed_is_taken() -> None:
    assert loads("1.7976931348623157e308") > 1e308
    assert loads("9" * 308) == int("9" * 308)
    assert len(loads(f"[{'1e308,' * 30}0.0, 1.5]")) == 32


@pytest.mark.parametrize("number", ["120.5", "0.00001", "12345678901234567890.5", "1.5e-7", "1E17", "-4.25e0"])
def test_numbers_that_are_not_much_longer_without_an_exponent_cost_no_digits(number: str) -> None:
    assert loads(f"[{','.join([number] * 5_000)}]") == [float(number)] * 5_000


@pytest.mark.parametrize("value", ["\0", ["a", {"b": "\0"}], {"\0": 1}])
def test_a_nul_is_found_at_any_depth(value: object) -> None:
    assert unstorable(value) == "must not contain the character NUL (U+0000)"


@pytest.mark.parametrize("value", ["\ud800", ["\udfff"], {"é\udabc": 1}])
def test_a_lone_surrogate_is_found_at_any_depth(value: object) -> None:
    assert unstorable(value) == "must not contain a lone surrogate (half a character)"


@pytest.mark.parametrize("value", ["\u0001", "😀", "\ufffe", {"é": [None, 1.5, True]}, 3])
def test_odd_text_is_lawful(value: object) -> None:
    assert unstorable(value) is None
