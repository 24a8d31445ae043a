"""Each name that our SQL gives has the mark that no table and no column has, so that none of theirs is ever hidden."""

from app.sql import MARK
from tests.sql_names import given

# Statements of the catalog or of tables of our own alone; and the one name that the triggers of every table refer to,
# in a function that means no other table by it.
_OF_NO_RESOURCE = {"app/dialect/collation.py", "app/services/needs.py", "app/services/pruning.py"}
_TRIGGERS = {"touched": {"app/resource/journal.py"}}


def test_names_of_ours_have_the_mark() -> None:
    plain = {name: files - _OF_NO_RESOURCE - _TRIGGERS.get(name, set()) for name, files in given().items()}
    assert {name: files for name, files in plain.items() if files and MARK not in name} == {}


def test_the_names_are_found() -> None:
    assert {
        "page$",
        "k0$",
        "changed0$",
        "e0$",
        "sent$",
        "versions$",
        "stays$",
        "hash$",
        "n$",
        "element$",
    } <= given().keys()
