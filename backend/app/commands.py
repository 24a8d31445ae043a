"""What `python -m app` does beside serving: the word that stands first, and what follows it."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence

from app.access import keys
from app.people.accounts import user

_KEY = """Make an access key, and the line that API_KEYS has for it. Nothing keeps the key: who gets it must keep it.

Roles: reader, writer (reads, creates, updates), auditor (reads, history), admin (all); or RESOURCE:LETTERS for one
resource, of c create, r read one, u update, d delete, s search, h history, i import; several joined with +.
"""


def key(arguments: Sequence[str]) -> int:
    """Print a new key and its line, each once."""
    parser = ArgumentParser("python -m app key", description=_KEY)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("role", metavar="ROLE")
    asked = parser.parse_args(arguments)
    try:
        made, line = keys.made(asked.name, asked.role)
    except ValueError as error:
        parser.error(str(error))
    print(made, line, sep="\n")
    print("The first line is the key, which is shown this once; the second goes into API_KEYS.", file=sys.stderr)
    return 0


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {"key": key, "user": user}
"""Each takes the arguments behind its name, and returns the exit code."""
