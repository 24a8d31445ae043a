"""An install from a lock gives what the lock says, whatever has been released since, and finds what a lock lacks.

The commands are those of Makefile, Blueprint and Dockerfile as they stand; the index is a folder of tiny wheels.
Without `--no-deps` a pip before 24 takes the newer release for what `outer` asks for, and refuses it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.deploy.conftest import BLUEPRINTS, ROOT, blueprint
from tests.integration.deploy.test_container import stages
from tests.servers import Server

# `inner` has the extra that `outer` asks for, and a newer release than the lock's.
WHEELS = {
    ("outer", "1.0"): "Requires-Dist: inner[toml]",
    ("inner", "1.0"): "Provides-Extra: toml",
    ("inner", "1.1"): "Provides-Extra: toml",
}


def build_command(file: str) -> str:
    return str(blueprint(file)["services"][0]["buildCommand"])


# Who installs -> the command, which leaves its packages in `backend/.venv`.
INSTALLS: Mapping[str, str] = {
    "Makefile": "make setup",
    "Blueprint": f"cd backend && python3 -m venv .venv && {build_command(BLUEPRINTS[0])}",
    "Dockerfile": "cd backend && " + next(text for name, text in stages()[0] if name == "RUN"),
}
LOCKS = ("requirements.txt", "requirements-embedded.txt", "requirements-dev.txt")


class Index(NamedTuple):
    """A package index, and the folder that is served as one."""

    url: str
    folder: Path

    def lock(self, *names: str) -> str:
        """Version 1.0 of these, as a lock has them."""
        wheels = {name: self.folder / name / f"{name}-1.0-py3-none-any.whl" for name in names}
        digests = {name: hashlib.sha256(wheel.read_bytes()).hexdigest() for name, wheel in wheels.items()}
        return "".join(f"{name}==1.0 --hash=sha256:{digest}\n" for name, digest in digests.items())


class Clone(NamedTuple):
    """A checkout with nothing in it but what installs, on a machine that knows one index."""

    root: Path
    packages: Index

    def lock(self, file: str, *names: str) -> None:
        (self.root / "backend" / file).write_text(self.packages.lock(*names))

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        folders = (self.root / "backend" / ".venv" / "bin", Path(sys.executable).parent, "/usr/bin", "/bin")
        environment = {"PATH": ":".join(map(str, folders)), "HOME": str(self.root)}
        pip = {"PIP_INDEX_URL": self.packages.url, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.root,
            env=environment | pip,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def has(self) -> dict[str, str]:
        """Name -> version of what it has of the index."""
        packages = (self.root / "backend" / ".venv").glob("lib/*/site-packages/*er-*.dist-info")
        return dict(package.stem.split("-") for package in packages)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    for (name, version), line in WHEELS.items():
        add_wheel(folder / name, name, version, line)
    program = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, "{port}"]
    with Server(program, folder, {}) as server:
        yield Index(server.url, folder)


def add_wheel(folder: Path, name: str, version: str, line: str) -> None:
    """A wheel that holds nothing but its metadata (packaging.python.org, binary distribution format)."""
    folder.mkdir(exist_ok=True)
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{line}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(f"{name}-{version}.dist-info/{file}", text)


@pytest.fixture
def clone(tmp_path: Path, index: Index) -> Clone:
    package = tmp_path / "backend" / "app"
    package.mkdir(parents=True)
    for module in ("__init__", "__main__", "development"):  # what `make serve` compiles
        (package / f"{module}.py").touch()
    shutil.copy(ROOT / "Makefile", tmp_path)
    clone = Clone(tmp_path, index)
    for file in LOCKS:
        clone.lock(file, "outer", "inner")
    return clone


def test_every_place_builds_alike() -> None:
    """Both Blueprints, and the page for all other places."""
    (command,) = {build_command(file) for file in BLUEPRINTS}
    assert f"\n{command}\n" in (ROOT / "docs" / "deployment.md").read_text()


@pytest.mark.parametrize("install", INSTALLS)
def test_a_newer_release_changes_nothing(clone: Clone, install: str) -> None:
    done = clone.run(INSTALLS[install])
    assert done.returncode == 0, done.stdout
    assert clone.has() == {"outer": "1.0", "inner": "1.0"}


@pytest.mark.parametrize("install", INSTALLS)
def test_a_lock_that_lacks_something_is_found(clone: Clone, install: str) -> None:
    for file in LOCKS:
        clone.lock(file, "outer")
    done = clone.run(INSTALLS[install])
    assert done.returncode != 0
    assert "outer 1.0 requires inner, which is not installed" in done.stdout


def test_make_leaves_nothing_of_an_older_lock(clone: Clone) -> None:
    """Else `pip check` would find fault with what no lock asks for any more."""
    clone.lock("requirements-embedded.txt", "inner")
    assert (made := clone.run("make setup")).returncode == 0, made.stdout
    assert clone.has() == {"outer": "1.0", "inner": "1.0"}
    clone.lock("requirements-dev.txt", "inner")
    assert (made := clone.run("make backend/.venv/.serve")).returncode == 0, made.stdout
    assert clone.has() == {"inner": "1.0"}


# What a machine is -> what Python finds there, and what is said of it.
MACHINES = {
    "Alpine": ("import platform; platform.libc_ver = lambda: ('', '')", "not Alpine"),
    "an old Linux": ("import platform; platform.libc_ver = lambda: ('glibc', '2.17')", "this is Linux glibc 2.17 on "),
    "Windows": ("import sys; sys.platform = 'win32'", "on Windows, WSL2"),
    "a small board": (
        "import platform; platform.machine = lambda: 'armv7l'",
        "x86-64 or arm64 is needed; this is Linux",
    ),
    "an old Python": ("import sys; sys.version_info = (3, 9, 6)", "Python 3.11 or newer is needed: make PYTHON=..."),
    "Debian without python3-venv": ("import sys; sys.modules['ensurepip'] = None", "apt install python3-venv"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_that_cannot_run_it_is_told_so_in_one_sentence(clone: Clone, machine: str) -> None:
    found, said = MACHINES[machine]
    (clone.root / "sitecustomize.py").write_text(found)
    made = clone.run("PYTHONPATH=. make setup")
    sentence, of_make = made.stdout.splitlines()
    assert said in sentence
    assert of_make.startswith("make: ***")
    assert not (clone.root / "backend" / ".venv").exists()
