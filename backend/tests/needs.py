"""What a test needs of the machine, or of the run. docs/testing.md lists what may lack, and what is not tested then.

With REQUIRE_ALL=1, as `.ci/run` has it, a test that is left out is a failure (`conftest.py`).
"""

import shutil
from typing import TypeVar

import pytest

Thing = TypeVar("Thing")


def needed(thing: Thing | None, lacking: str) -> Thing:
    """The thing, if it is there and true; else the test is left out, and `lacking` says why."""
    if not thing:
        pytest.skip(lacking)  # the one place: whoever develops need not have each program that something is tested with
    return thing


def program(*names: str, path: str | None = None) -> str:
    """Where the first of these programs is that the machine has."""
    found = (shutil.which(name, path=path) for name in names)
    return needed(next(filter(None, found), None), f"{names[0]} is not installed on this machine")
