"""The container files. No Docker engine here: no image is built, but what is in it is put together and run."""

import json
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
from tests.integration.deploy.conftest import ROOT, Service
from tests.integration.deploy.test_deploying import ask, patient

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
    assert all(stage[0].text.split()[0].endswith("-slim-bookworm") for stage in (build, final))
    installs = [text for name, text in final if name == "RUN" and re.search(r"apt|pip install|curl|wget|gcc", text)]
    assert installs == []
    assert any("pip uninstall" in text for name, text in final if name == "RUN")
    assert int(last("USER")) > 0


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


@pytest.mark.parametrize("service", ["render.yaml"], indirect=True)
def test_what_is_in_the_image_serves_and_is_healthy(service: Service, tmp_path: Path) -> None:
    """The files it copies, its environment, its command and its health check, with the packages the build made."""
    image = tmp_path / "srv"
    image.mkdir()
    for source, target in copied():
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, image / target)
    set_there = dict(re.findall(r"(\w+)=(\S+)", last("ENV")))
    set_there.pop("PATH")
    given = {name: service.environment[name] for name in ("PATH", "DATABASE_URL")}
    container = service._replace(folder=image, environment=given | set_there)
    assert container.run("alembic upgrade head").result()[0] == 0
    container.fields["startCommand"] = "exec " + " ".join(json.loads(last("CMD")))
    with container.instance() as instance:
        assert ask(instance.port, "POST", "/patients", patient(1))[0] == 201
        check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
        for port, healthy in ((instance.port, True), (1, False)):
            environment = {**container.environment, "PORT": str(port)}
            done = subprocess.run(check, env=environment, cwd=image, check=False, capture_output=True)
            assert (done.returncode == 0) == healthy
        exported = container.run("python scripts/export_db_json.py -").result()
        assert "Ångström" in exported[1]
        assert instance.stop()[0] == 0
