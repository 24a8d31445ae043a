"""JavaScript regular expression (`_like`) -> PostgreSQL regular expression of the same meaning. Pure.

A whitelisted grammar: literals, `.`, classes, `\\d \\w \\s` and their negations, anchors, `\\b \\B`, groups,
alternatives and quantifiers. Look-around and back-references are left out: with some of them PostgreSQL's time has
no bound, as JavaScript's has none. What is not of this grammar (half of a pattern, while somebody types), or would
make PostgreSQL compile for long, is searched for as the text it is: a read is never an error. Sources: ECMA-262 22.2
with the flag `i` alone; PostgreSQL 9.7.3 (advanced expressions).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import NamedTuple

from app.limits import PATTERN_REPEAT, PATTERN_STATES, PATTERN_WAYS
from app.resource.javascript import BLANKS

_ESCAPE = r"\\(?:[nrtvf]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^0-9A-Za-z])"
_TOKEN = re.compile(
    rf"""(?P<quantifier>(?:[*+?]|\{{[0-9]+(?:,[0-9]*)?\}})\??)
    |(?P<open>\((?:\?:|(?!\?)))
    |(?P<close>\))
    |(?P<branch>\|)
    |(?P<anchor>[$^])
    |(?P<boundary>\\[bB])
    |(?P<brackets>\[(?:[^\]\\]|\\.)*\])
    |(?P<any>\.)
    |(?P<set>\\[dDwWsS])
    |(?P<character>{_ESCAPE}|[^\\(\[*+?])""",
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(rf"(?P<low>{_ESCAPE}|\\b|[^\\])(?:-(?P<high>{_ESCAPE}|\\b|[^\\]))?|(?P<set>\\[dws])", re.DOTALL)

_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f", "b": "\b"}
_SETS = {"d": "0-9", "w": "0-9A-Za-z_", "s": "".join(f"\\u{ord(blank):04x}" for blank in BLANKS)}
_ANY = r"[^\n\r\u2028\u2029]"

# JavaScript's words are ASCII; PostgreSQL's own \y goes by the locale.
_EDGE = ("(?<![{w}])(?=[{w}])", "(?<=[{w}])(?![{w}])")
_INSIDE = ("(?<![{w}])(?![{w}])", "(?<=[{w}])(?=[{w}])")
_BOUNDARIES = {name: f"(?:{'|'.join(sides)})".format(**_SETS) for name, sides in (("b", _EDGE), ("B", _INSIDE))}
_LITERALLY = "***="  # the rest is text (PostgreSQL 9.7.3.4)


class Untranslatable(ValueError):
    """No regular expression, one outside the grammar, or one that PostgreSQL would compile for long."""


def searched(source: str) -> str:
    """What PostgreSQL is to look for, ignoring case (`~*`): the expression, or the text itself if it is none for us."""
    try:
        return translate(source)
    except Untranslatable:
        return _LITERALLY + source


def translate(source: str) -> str:
    """PostgreSQL's spelling of a JavaScript regular expression, for a case-insensitive search (`~*`).

    Raises `Untranslatable` for what the grammar has not, and above `PATTERN_STATES` and `PATTERN_WAYS`.
    """
    writer = _Writer()
    for number, token in enumerate(_tokens(_TOKEN, source)):
        if number > 2 * PATTERN_STATES:  # no pattern of so few characters has more signs than that
            raise Untranslatable
        _WRITE[token.lastgroup or ""](writer, token[0])
    return writer.finish()


def _tokens(grammar: re.Pattern[str], source: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(source):
        if not (token := grammar.match(source, place)):
            raise Untranslatable
        yield token
        place = token.end()


class _Cost(NamedTuple):
    """What a part of a pattern makes PostgreSQL build.

    `states`: its characters, every {n,m} written out. `ways`: how many ways lead past its anchors and boundaries where
    no character needs to be read between them; 1: it has none. `skips`: its parts that may be left out.
    """

    states: int
    ways: int = 1
    skips: int = 0

    def repeated(self, least: int, most: int | None) -> "_Cost":
        copies, optional = max(1, least, most or 0), _LOOP if most is None else most - least
        ways = self.ways**least * (self.ways + 1) ** optional if self.ways > 1 else 1
        return _Cost(self.states * copies, ways, self.skips * copies + (optional > 0))


_LOOP = 2  # optional copies that a repetition without end counts for
_CHARACTER, _ANCHOR, _BOUNDARY = _Cost(1), _Cost(0, 2), _Cost(8, 3)


def _total(alternatives: list[list[_Cost]]) -> _Cost:
    """The cost of a group. Raises `Untranslatable` above what a pattern may cost."""
    parts = [part for alternative in alternatives for part in alternative]
    states, skips = sum(part.states for part in parts), sum(part.skips for part in parts) + alternatives.count([])
    ways = 1 + sum(prod(part.ways for part in alternative) - 1 for alternative in alternatives)
    if states > PATTERN_STATES or ways * (1 + skips) ** 2 > PATTERN_WAYS:
        raise Untranslatable
    return _Cost(max(states, 1), ways, skips)


class _Writer:
    """The translation so far. `groups`: of each open group its alternatives, as the costs of their parts."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.groups: list[list[list[_Cost]]] = [[[]]]
        self.repeatable = False

    def put(self, text: str, cost: _Cost = _CHARACTER, *, repeatable: bool = True) -> None:
        self.text.append(text)
        self.groups[-1][-1].append(cost)
        self.repeatable = repeatable

    def open(self, _: str) -> None:
        self.text.append("(?:")
        self.groups.append([[]])
        self.repeatable = False

    def branch(self, text: str) -> None:
        self.text.append(text)
        self.groups[-1].append([])
        self.repeatable = False

    def close(self, text: str) -> None:
        if len(self.groups) == 1:
            raise Untranslatable
        self.put(text, _total(self.groups.pop()))

    def repeat(self, quantifier: str) -> None:
        """Lazy or greedy, a search finds the same records; so the lazy mark goes."""
        if not self.repeatable:
            raise Untranslatable
        greedy = quantifier[0] + quantifier[1:].rstrip("?")
        atom = self.groups[-1][-1].pop()
        self.put(greedy, atom.repeated(*_times(greedy)), repeatable=False)

    def finish(self) -> str:
        if len(self.groups) > 1:
            raise Untranslatable
        _total(self.groups[0])
        return "".join(self.text)


_WRITE: Mapping[str, Callable[[_Writer, str], None]] = {
    "quantifier": _Writer.repeat,
    "open": _Writer.open,
    "close": _Writer.close,
    "branch": _Writer.branch,
    "anchor": lambda writer, text: writer.put(text, _ANCHOR, repeatable=False),
    "boundary": lambda writer, text: writer.put(_BOUNDARIES[text[1]], _BOUNDARY, repeatable=False),
    "brackets": lambda writer, text: writer.put(_brackets(text)),
    "any": lambda writer, _: writer.put(_ANY),
    "set": lambda writer, text: writer.put(
        f"[{_SETS[text[1]]}]" if text[1].islower() else f"[^{_SETS[text[1].lower()]}]"
    ),
    "character": lambda writer, text: writer.put(_quoted(_meant(text))),
}
_TIMES: Mapping[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def _times(quantifier: str) -> tuple[int, int | None]:
    """How often a quantifier lets its atom stand, at least and at most (None: without end)."""
    if quantifier in _TIMES:
        return _TIMES[quantifier]
    least, comma, most = quantifier[1:-1].partition(",")
    low, high = int(least[:6]), int(most[:6] or PATTERN_REPEAT) if comma else int(least[:6])
    if not low <= high <= PATTERN_REPEAT:
        raise Untranslatable
    return low, high if most or not comma else None


def _brackets(text: str) -> str:
    """A class of characters: classes within it written out, every character quoted, ranges ascending."""
    negated = text.startswith("[^")
    members = "".join(map(_member, _tokens(_MEMBER, text[1 + negated : -1])))
    if members:
        return f"[^{members}]" if negated else f"[{members}]"
    if negated:
        return "."  # PostgreSQL's matches line ends too, like JavaScript's [^]
    raise Untranslatable


def _member(token: re.Match[str]) -> str:
    if token["set"]:
        return _SETS[token["set"][1]]
    low, high = _meant(token["low"]), _meant(token["high"] or token["low"])
    if low > high:
        raise Untranslatable
    return _quoted(low) if low == high else f"{_quoted(max(low, chr(1)))}-{_quoted(high)}"


def _meant(text: str) -> str:
    """The character that `a`, `\\n`, `\\x41`, `\\u0041` or `\\.` stands for."""
    if len(text) == 1:
        return text
    return chr(int(text[2:], 16)) if text[1] in "xu" and len(text) > 2 else _CONTROLS.get(text[1], text[1])


def _quoted(character: str) -> str:
    if character == "\0" or "\ud800" <= character <= "\udfff":
        raise Untranslatable
    return "\\" + character if character.isascii() and not character.isalnum() else character
