"""Clients that are made from the description: they compile, and every operation does what it says.

Those of docs/clients.md are made and run as the page has them.
"""

import json
import re
import shlex
import shutil
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from app.config import Settings
from app.main import create_app
from tests.clients.conftest import FOLDER, PYTHON_CLIENT, Workspace
from tests.contract.servers import FOLDER as CONTRACT
from tests.docs.pages import DOCS, Block, blocks
from tests.engine.declared import EVERY
from tests.engine.related import declared
from tests.servers import Server

PAGE = DOCS / "clients.md"
BLOCKS = list(blocks(PAGE))
MISSING = "There is no patient with this id."
# Operation -> what each program says of it.
EXPECTED: dict[str, Any] = {
    "createPatient": ["a/b c", "B", {"patientID": "is already used by another patient"}],
    "getPatient": ["Núria", MISSING],
    "listPatients": [["a/b c"], "1", 1],
    "replacePatient": [40, None, 412],
    "updatePatient": "2024-07-02",
    "listHistoryOfPatient": ["changed", "changed"],
    "getVersionOfPatient": "2024-07-02",
    "restorePatient": [39, "B", 404],
    "listChanges": ["created", "changed", "changed", "changed"],
    "deletePatient": "Núria",
    "checkHealth": "ok",
    "startImport": False,
    "getImport": "done",
    "getImportReport": "partial",
    "getImportRejects": ["patients"],
    "cancelImport": 409,
    "listImports": True,
    "exportAll": ["patients"],
    "checkLiveness": "ok",
}


def of(tool: str) -> list[Block]:
    """The blocks of a tool's section."""
    text = PAGE.read_text()
    begin = text.count("\n", 0, text.index(f"## {tool}")) + 1
    end = next((n for n, line in enumerate(text.splitlines(), 1) if n > begin and line.startswith("## ")), 10**6)
    return [block for block in BLOCKS if begin < block.line < end]


@pytest.fixture(scope="module")
def made(workspace: Workspace) -> Workspace:
    """With all three clients in it, made by the commands of the page."""
    for tool in ("TypeScript: openapi-typescript", "TypeScript: orval", "Python"):
        commands, *rest = of(tool)
        for block in (one for one in rest if one.info == "js"):
            workspace.write("orval.config.mjs", block.text)
        for line in commands.text.splitlines():
            command = shlex.split(line.replace("http://127.0.0.1:8000", workspace.server.url))
            if command[1] != "install":
                said = workspace.run(command[command[0] == "npx" :])
                assert "arning" not in said
    return workspace


@pytest.fixture(scope="module")
def programs(made: Workspace) -> Workspace:
    """With the programs in it, of the page and of this folder, compiled."""
    made.write("page_fetch.ts", next(one.text for one in of("TypeScript: openapi-typescript") if one.info == "ts"))
    made.write("page_orval.ts", next(one.text for one in of("TypeScript: orval") if one.info == "ts"))
    made.write("page.py", next(one.text for one in of("Python") if one.info == "python"))
    for file in FOLDER.glob("every_operation*"):
        made.write(file.name, file.read_text())
    made.compiled("page_fetch.ts", "page_orval.ts", "every_operation_by_fetch.ts", "every_operation_by_orval.ts")
    made.typed("page.py", "every_operation.py", f"{PYTHON_CLIENT}/patients_api_client")
    return made


def run(programs: Workspace, name: str) -> str:
    return programs.python(name) if name.endswith(".py") else programs.run(["node", f"made/{name}.js"])


@pytest.mark.parametrize("name", ["every_operation_by_fetch", "every_operation_by_orval", "every_operation.py"])
def test_every_operation(programs: Workspace, name: str) -> None:
    assert json.loads(run(programs, name)) == EXPECTED


def test_clients_of_other_resources_compile_as_well(workspace: Workspace) -> None:
    """Every kind of field, numbers for ids, relations; generators are given all that the description can say."""
    own = {resource.path for resource in EVERY}
    resources = [*EVERY, *(one for one in declared(numbers=True) if one.path not in own)]
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none")), resources)
    workspace.write("other.json", json.dumps(app.openapi()))
    workspace.run(["openapi-typescript", "other.json", "--output", "other.d.ts"])
    workspace.run(["orval", "--input", "other.json", "--output", "other.ts", "--client", "fetch"])
    workspace.run(["openapi-python-client", "generate", "--path", "other.json", "--output-path", "other"])
    workspace.compiled("other.d.ts", "other.ts")
    workspace.typed("other/patients_api_client")


def test_no_operation_is_left_out(server: Server) -> None:
    described = httpx2.get(f"{server.url}/openapi.json").json()["paths"]
    assert {one["operationId"] for item in described.values() for one in item.values()} == EXPECTED.keys()


@pytest.mark.parametrize(
    ("tool", "name"),
    [("TypeScript: openapi-typescript", "page_fetch"), ("TypeScript: orval", "page_orval"), ("Python", "page.py")],
)
def test_what_the_page_says_a_client_prints(programs: Workspace, tool: str, name: str) -> None:
    assert run(programs, name).splitlines() == promised(next(one for one in of(tool) if one.info in ("ts", "python")))


@pytest.mark.parametrize("tool", ["react-admin", "refine"])
def test_what_the_page_says_a_provider_gets(workspace: Workspace, tool: str) -> None:
    (block,) = (one for one in of(tool) if one.info == "js")
    folder = workspace.folder / tool
    folder.mkdir()
    (folder / "node_modules").symlink_to(CONTRACT / "node_modules")
    file = workspace.write(f"{tool}/page.mjs", f"{block.text}\nprocess.exit(0)")
    assert workspace.run(["node", file]).splitlines() == promised(block)
    shutil.rmtree(folder)


def promised(block: Block) -> list[str]:
    """What stands behind each line that prints."""
    lines = re.findall(r"^\s*(?:console\.log|print)\(.*\)\s+(?://|#) (.*)$", block.text, re.M)
    assert len(lines) == len(re.findall(r"\b(?:console\.log|print)\(", block.text))
    return lines


def test_what_the_page_installs_is_what_is_tried() -> None:
    """The frameworks around the providers are not: the providers are all that talks to the server."""
    tried = {
        *json.loads((FOLDER / "package.json").read_text())["dependencies"],
        *json.loads((CONTRACT / "package.json").read_text())["dependencies"],
        *re.findall(r"^[\w-]+(?===)", (FOLDER / "requirements.in").read_text(), re.M),
    }
    installs = [line for block in BLOCKS for line in block.text.splitlines() if re.match(r"(npm|pip) install", line)]
    named = {word for line in installs for word in line.split()[2:] if not word.startswith("--")}
    assert named - tried == {"react-admin", "@refinedev/core", f"./{PYTHON_CLIENT}"}
