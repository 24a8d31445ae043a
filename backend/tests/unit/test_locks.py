"""Locks are installed as they are, nothing is resolved: so each must hold all that its packages ask for.

`pip check` sees that of the machine it runs on and of no extra; this is for every system and Python, extras included.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.config import BACKEND

PROJECT = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
# Lock -> what of the project it is for.
LOCKS = {
    "requirements.txt": "",
    "requirements-embedded.txt": "[embedded]",
    "requirements-cutover.txt": "[cutover]",
    "requirements-dev.txt": "[dev]",
}
SYSTEMS = [
    {"sys_platform": system, "platform_system": name, "python_version": version, "python_full_version": f"{version}.0"}
    for system, name in (("linux", "Linux"), ("darwin", "Darwin"))
    for version in ("3.11", "3.15")
]


def asked(package: str) -> Sequence[str]:
    """What it depends on, as its own metadata have it, or the project's file."""
    if package != PROJECT["name"]:
        return metadata.requires(package) or ()
    extras = PROJECT["optional-dependencies"].items()
    optional = [f"{one} ; extra == '{extra}'" for extra, ones in extras for one in ones]
    return [*PROJECT["dependencies"], *optional]


def needed(wanted: Requirement, system: Mapping[str, str]) -> Iterator[Requirement]:
    """What it asks for on this system, for itself and for each extra that is wanted of it."""
    for requirement in map(Requirement, asked(wanted.name)):
        contexts = [{**system, "extra": extra} for extra in ("", *wanted.extras)]
        if requirement.marker is None or any(map(requirement.marker.evaluate, contexts)):
            yield requirement


def closure(wanted: Requirement, system: Mapping[str, str]) -> set[Requirement]:
    """All that follows from it."""
    found: set[Requirement] = set()
    ahead = {wanted}
    while ahead:
        ahead = {following for one in ahead for following in needed(one, system)} - found
        found |= ahead
    return found


def pinned(lock: str, system: Mapping[str, str]) -> Mapping[str, str]:
    """Package -> version that the lock has for this system."""
    lines = (line.removesuffix("\\") for line in (BACKEND / lock).read_text().splitlines() if line[:1].isalnum())
    pins = [pin for pin in map(Requirement, lines) if pin.marker is None or pin.marker.evaluate(dict(system))]
    return {pin.name: next(iter(pin.specifier)).version for pin in pins}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: f"{system['sys_platform']}-{system['python_version']}")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_its_packages_ask_for_and_no_more(lock: str, system: Mapping[str, str]) -> None:
    pins = pinned(lock, system)
    wanted = closure(Requirement(PROJECT["name"] + LOCKS[lock]), system)
    asked_for = [(canonicalize_name(one.name), one) for one in wanted if one.name != PROJECT["name"]]
    assert pins.keys() == {name for name, _ in asked_for}
    assert [str(one) for name, one in asked_for if not one.specifier.contains(pins[name])] == []
