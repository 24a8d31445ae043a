"""JavaScript regular expression (`_like`) -> PostgreSQL regular expression of the same meaning. Pure.

A whitelisted grammar: literals, `.`, classes, `\\d \\w \\s` and their negations, anchors, `\\b \\B`, groups,
alternatives and quantifiers. Look-around and back-references are left out: with some of them PostgreSQL's time has
no bound, as JavaScript's has none. Sources: ECMA-262 22.2 with the flag `i` alone; PostgreSQL 9.7.3 (advanced
expressions).
"""

import re
from collections.abc import Callable, Iterator, Mapping

from app.jsonserver.conditions import UnsupportedQuery
from app.limits import PATTERN_REPEAT, PATTERN_STATES
from app.models.patient import BLANKS

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
_BOUNDARY_STATES = 8


class UnsupportedPattern(UnsupportedQuery):
    """A regular expression outside the grammar, or one that JavaScript would refuse too."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"_like takes a regular expression without look-around and back-references; here {reason}.")


def translate(source: str) -> str:
    """PostgreSQL's spelling of a JavaScript regular expression, for a case-insensitive search (`~*`).

    Raises `UnsupportedPattern` for what the grammar has not and above `PATTERN_STATES`.
    """
    writer = _Writer()
    for token in _tokens(_TOKEN, source):
        _WRITE[token.lastgroup or ""](writer, token[0])
    return writer.finish()


def _tokens(grammar: re.Pattern[str], source: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(source):
        if not (token := grammar.match(source, place)):
            what = "a [ without its ]" if source[place] == "[" else "something unsupported"
            raise UnsupportedPattern(f"{what} begins at character {place + 1}")
        yield token
        place = token.end()


class _Writer:
    """The translation so far. `states` holds a sum for each open group; `atom` is the size of what can be repeated."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.states = [0]
        self.atom: int | None = None

    def put(self, text: str, states: int = 1, *, repeatable: bool = True) -> None:
        self.parts.append(text)
        self.states[-1] += states
        self.atom = states if repeatable else None
        if self.states[-1] > PATTERN_STATES:
            raise UnsupportedPattern(f"it has more than {PATTERN_STATES} steps")

    def mark(self, text: str) -> None:
        """Something that matches no character and cannot be repeated."""
        self.put(text, 0, repeatable=False)

    def open(self, _: str) -> None:
        self.mark("(?:")
        self.states.append(0)

    def close(self, _: str) -> None:
        if len(self.states) == 1:
            raise UnsupportedPattern("a ) has no (")
        self.put(")", self.states.pop() or 1)

    def repeat(self, quantifier: str) -> None:
        """Lazy or greedy, a search finds the same records; so the lazy mark goes."""
        if self.atom is None:
            raise UnsupportedPattern("a quantifier has nothing before it")
        greedy = quantifier[0] + quantifier[1:].rstrip("?")
        self.put(greedy, self.atom * (_copies(greedy) - 1), repeatable=False)

    def finish(self) -> str:
        if len(self.states) > 1:
            raise UnsupportedPattern("a ( has no )")
        return "".join(self.parts)


_WRITE: Mapping[str, Callable[[_Writer, str], None]] = {
    "quantifier": _Writer.repeat,
    "open": _Writer.open,
    "close": _Writer.close,
    "branch": _Writer.mark,
    "anchor": _Writer.mark,
    "boundary": lambda writer, text: writer.put(_BOUNDARIES[text[1]], _BOUNDARY_STATES, repeatable=False),
    "brackets": lambda writer, text: writer.put(_brackets(text)),
    "any": lambda writer, _: writer.put(_ANY),
    "set": lambda writer, text: writer.put(
        f"[{_SETS[text[1]]}]" if text[1].islower() else f"[^{_SETS[text[1].lower()]}]"
    ),
    "character": lambda writer, text: writer.put(_quoted(_meant(text))),
}


def _copies(quantifier: str) -> int:
    """How many copies of its atom a quantifier is written out to."""
    if not quantifier.startswith("{"):
        return 1
    bounds = [int(digits[:6]) for digits in quantifier[1:-1].split(",") if digits]
    if bounds[-1] > PATTERN_REPEAT or bounds[0] > bounds[-1]:
        raise UnsupportedPattern(f"a repetition is above {PATTERN_REPEAT} or its bounds are out of order")
    return bounds[-1] + 1


def _brackets(text: str) -> str:
    """A class of characters: classes within it written out, every character quoted, ranges ascending."""
    negated = text.startswith("[^")
    members = "".join(map(_member, _tokens(_MEMBER, text[1 + negated : -1])))
    if members:
        return f"[^{members}]" if negated else f"[{members}]"
    if negated:
        return "."  # PostgreSQL's matches line ends too, like JavaScript's [^]
    raise UnsupportedPattern("[] is empty")


def _member(token: re.Match[str]) -> str:
    if token["set"]:
        return _SETS[token["set"][1]]
    low, high = _meant(token["low"]), _meant(token["high"] or token["low"])
    if low > high:
        raise UnsupportedPattern("a range is out of order")
    return _quoted(low) if low == high else f"{_quoted(max(low, chr(1)))}-{_quoted(high)}"


def _meant(text: str) -> str:
    """The character that `a`, `\\n`, `\\x41`, `\\u0041` or `\\.` stands for."""
    if len(text) == 1:
        return text
    return chr(int(text[2:], 16)) if text[1] in "xu" and len(text) > 2 else _CONTROLS.get(text[1], text[1])


def _quoted(character: str) -> str:
    if character == "\0" or "\ud800" <= character <= "\udfff":
        raise UnsupportedPattern("a character is one that no text has")
    return "\\" + character if character.isascii() and not character.isalnum() else character
