"""A Render service on this machine: the files git has, an environment of its own, and the Blueprint's own commands."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from app.access import keys
from app.config import BACKEND
from tests.checkout import check_out
from tests.conftest import new_database
from tests.servers import PATIENCE, Server

ROOT = BACKEND.parent
ORIGIN = "https://app.example"
KEY, LINE = keys.made("frontend", "writer")
BLUEPRINTS = ("render.yaml", "render.free.yaml")


def blueprint(file: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / file).read_text())
    return document


class Service(NamedTuple):
    """The web service of a Blueprint, built: its fields, where its commands run, and their environment."""

    fields: dict[str, Any]
    folder: Path
    environment: Mapping[str, str]

    def run(self, command: str) -> "Run":
        return Run(self, command).launch(start_new_session=True)

    @contextmanager
    def instance(self) -> Iterator["Run"]:
        """The start command, answering its health check."""
        instance = self.run(self.fields["startCommand"])
        try:
            yield instance.started()
        finally:
            instance.end()


class Run(Server):
    """A command of a service under way, as it is written, in a process group of its own."""

    def __init__(self, service: Service, command: str) -> None:
        super().__init__(["/bin/sh", "-c", command], service.folder, {**service.environment, "PORT": "{port}"})
        self._health = service.fields["healthCheckPath"]

    @staticmethod
    def surroundings() -> dict[str, str]:
        """Nothing of this shell's."""
        return {}

    def ready(self) -> bool:
        """As the platform sees it: the path answers 200."""
        assert self.running(), self.result()
        return self.status(self._health) == 200

    def result(self) -> tuple[int, str]:
        """Exit code and output, once it has ended."""
        return self.process.wait(PATIENCE), self.said

    def end(self) -> None:
        """Whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], tuple[Path, Path]]:
    """A checkout and an environment made by a build command; each command runs once."""
    done: dict[str, tuple[Path, Path]] = {}

    def built(folder: str, command: str) -> tuple[Path, Path]:
        if command not in done:
            checkout, environment = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("python")
            check_out(checkout)
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
            done[command] = checkout / folder, environment / "bin"
            _build(command, checkout / folder, environment / "bin")
        return done[command]

    return built


def _build(command: str, folder: Path, programs: Path) -> None:
    made = subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=_bare(programs), check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr


def _bare(programs: Path) -> dict[str, str]:
    """Nothing of this shell's environment but what pip needs to find its packages."""
    ours = {name: value for name, value in os.environ.items() if name == "HOME" or name.startswith("PIP_")}
    return {"PATH": f"{programs}:/usr/bin:/bin", "PIP_NO_COMPILE": "1"} | ours


@pytest.fixture
def empty_database(cluster: str) -> Iterator[str]:
    """The URL of a database without a schema, as Render writes it: `postgres://`."""
    with new_database(cluster) as dsn:
        yield dsn.replace("postgresql://", "postgres://")


@pytest.fixture
def service(request: pytest.FixtureRequest, build: Any, empty_database: str) -> Service:
    """The service of a Blueprint, built, over an empty database; who sets it up gave CORS_ORIGINS and API_KEYS."""
    fields = blueprint(request.param)["services"][0]
    folder, programs = build(fields["rootDir"], fields["buildCommand"])
    given = {"DATABASE_URL": empty_database, "CORS_ORIGINS": ORIGIN, "API_KEYS": LINE}
    written = {variable["key"]: variable.get("value") or given[variable["key"]] for variable in fields["envVars"]}
    return Service(fields, folder, {**_bare(programs), **written, "RENDER": "true"})
