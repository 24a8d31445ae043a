"""JavaScript's regular expressions -> PostgreSQL's. That both find the same, and the cost, is tested on PostgreSQL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialect.pattern import Untranslatable, searched, translate
from app.limits import PATTERN_REPEAT, PATTERN_STATES

WORD = "[0-9A-Za-z_]"
TRANSLATED = [
    ("", ""),
    ("anna", "anna"),
    ("Ω李", "Ω李"),
    ("a.b", r"a[^\n\r\u2028\u2029]b"),
    (r"a\.b\/", r"a\.b\/"),
    ("^a|b$", "^a|b$"),
    ("(a|b)(?:c)", "(?:a|b)(?:c)"),
    ("a*b+c?d{2}e{2,}f{2,3}", "a*b+c?d{2}e{2,}f{2,3}"),
    ("a*?b+?c??d{2,3}?", "a*b+c?d{2,3}"),
    (r"\d\D\w\W", "[0-9][^0-9][0-9A-Za-z_][^0-9A-Za-z_]"),
    ("[a-c_]", r"[a-c\_]"),
    ("[^a]", "[^a]"),
    ("[-a]", r"[\-a]"),
    (r"[\d.]", r"[0-9\.]"),
    (r"[\b]", "[\\\b]"),
    (r"[\x41-\u0043]", "[A-C]"),
    (r"[\x00-\x1f]", "[\\\x01-\\\x1f]"),
    ("[^]", "."),
    (r"\x41\u00e9\n\t", "Aé\\\n\\\t"),
    ("a{,5}{", r"a\{\,5\}\{"),
    ("]}", r"\]\}"),
    (r"\b", f"(?:(?<!{WORD})(?={WORD})|(?<={WORD})(?!{WORD}))"),
    (r"\B", f"(?:(?<!{WORD})(?!{WORD})|(?<={WORD})(?={WORD}))"),
    ("[[:alpha:]]", r"[\[\:alpha\:]\]"),
]


@pytest.mark.parametrize(("source", "expected"), TRANSLATED)
def test_translation(source: str, expected: str) -> None:
    assert translate(source) == expected


TEXT = [
    "(", ")", "(a", "a)", "[", "[]", "[z-a]", "*", "a**", "a+*", "^*", "a|*", "(*a)", r"\b+", "a{2}{3}", "a{3,2}", "\\",
    "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?<n>a)", "(?i)a", r"\1", r"\k", r"\p{L}", r"\0", r"\cA", r"\a", r"[\W]",
    r"[\D]", r"\ud83d", "\ud83d", "\0", f"a{{{PATTERN_REPEAT + 1}}}", "(a{20}){20}", "a" * (PATTERN_STATES + 1),
    "((((a{5}){5}){5}){5})", "***:x", r"\u", r"\x4", r"\b" * 9, "(?:^|a?){9}", r"(?:\b.?)*" * 5, "(a?b?){60}",
    "()" * 150,
]  # fmt: skip


@pytest.mark.parametrize("source", TEXT)
def test_what_is_no_pattern_for_us_is_text(source: str) -> None:
    with pytest.raises(Untranslatable):
        translate(source)
    assert searched(source) == f"***={source}"


@pytest.mark.parametrize("source", [r"\bann\b.*\bmark\b.*\bo'", "|".join(["^anna$"] * 33), r"(\bx ?)+", r"\w{0,99}"])
def test_what_people_write_is_a_pattern(source: str) -> None:
    assert searched(source) == translate(source)


@given(st.text(alphabet=r"ab1.*+?{},|()[]^$\bdwsDWSBnx-: "))
def test_any_text_is_translated_or_refused(source: str) -> None:
    try:
        translated = translate(source)
    except Untranslatable:
        return
    assert len(translated) < 100 * (len(source) + 1)
