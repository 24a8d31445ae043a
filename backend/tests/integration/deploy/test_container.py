"""The container files, read and linted. What is in the image is put together and run in `test_deploying.py`."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from app.config import Settings
from tests.integration.deploy.conftest import BLUEPRINTS, ROOT, blueprint

TOOLS = Path(sys.executable).parent


class Instruction(NamedTuple):
    name: str
    text: str


def stages() -> list[list[Instruction]]:
    """The Dockerfile's stages, each beginning with its FROM."""
    lines = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    instructions = [Instruction(*line.split(maxsplit=1)) for line in lines.splitlines() if line.strip()]
    starts = [n for n, instruction in enumerate(instructions) if instruction.name == "FROM"]
    return [instructions[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)]


def last(name: str) -> str:
    return [instruction.text for instruction in stages()[-1] if instruction.name == name][-1]


def copied() -> Iterator[tuple[str, str]]:
    """(source, target) of what the last stage takes from the working tree."""
    for name, text in stages()[-1]:
        if name == "COPY" and not text.startswith("--from"):
            source, target = text.split()
            yield source, target


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


@pytest.mark.parametrize(
    "command",
    [["hadolint", "Dockerfile"], ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]],
    ids=lambda command: command[0],
)
def test_the_linters_have_nothing_to_say(command: list[str]) -> None:
    program, *arguments = command
    done = subprocess.run([TOOLS / program, *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_has_no_build_tools_and_no_root() -> None:
    build, final = stages()
    (image,) = {stage[0].text.split()[0] for stage in (build, final)}
    assert image.endswith("-slim-bookworm")
    installs = [text for name, text in final if name == "RUN" and re.search(r"apt|pip install|curl|wget|gcc", text)]
    assert installs == []
    assert any("pip uninstall" in text for name, text in final if name == "RUN")
    assert int(last("USER")) > 0


def versions(root: Path = ROOT) -> dict[str, set[str]]:
    """Program -> the versions of it that the container files and Blueprints name."""
    files = ("Dockerfile", "compose.yaml", *BLUEPRINTS)
    text = "\n".join((root / file).read_text() for file in files)
    return {
        "python": set(re.findall(r"(?:\bpython:|PYTHON_VERSION, value: )([\d.]+)", text)),
        "postgres": set(re.findall(r"\bpostgres:([\d.]+)", text)),
    }


def test_every_image_is_one_release_and_the_same_everywhere() -> None:
    (python,), (postgres,) = versions().values()
    assert re.fullmatch(r"3\.13\.\d+", python)
    assert re.fullmatch(r"\d+\.\d+", postgres)
    majors = {blueprint(file)["databases"][0]["postgresMajorVersion"] for file in BLUEPRINTS}
    assert majors == {postgres.partition(".")[0]}


def test_make_images_names_the_newest_releases(tmp_path: Path) -> None:
    """What the images say of themselves is given by a program in Docker's place: the network has the real ones."""
    for file in ("Makefile", "Dockerfile", "compose.yaml", *BLUEPRINTS):
        shutil.copy(ROOT / file, tmp_path)
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nPYTHON_VERSION=3.13.99 PG_VERSION=17.99-1.pgdg12+1 exec sh -c "$8"\n')
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["make", "images"], cwd=tmp_path, env=environment, check=True)
    assert versions(tmp_path) == {"python": {"3.13.99"}, "postgres": {"17.99"}}


def test_what_restarts_asks_for_the_process_alone() -> None:
    """No outage of the database is mended by a restart (docs/operations.md, Conditions)."""
    asked = {blueprint(file)["services"][0]["healthCheckPath"] for file in BLUEPRINTS}
    assert asked == {"/health/live"}
    assert "/health/live'" in last("HEALTHCHECK")


def test_the_context_is_what_is_copied_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = {line[1:] for line in lines if line.startswith("!")}
    assert admitted == {source for source, _ in copied()} | {"backend/requirements.txt"}
    assert lines[1] == "*"


def test_compose_waits_for_the_database_and_its_schema() -> None:
    services = compose()["services"]
    assert services["api"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["alembic", "upgrade", "head"]
    assert services["api"]["environment"].keys() <= {name.upper() for name in Settings.model_fields}
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
