"""`python -m app cutover …`: what is said and which exit code it is, also where something is wrong."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from app.cutover.commands import cutover
from app.resources import RESOURCES
from tests.commands import ran
from tests.cutover.trio import Cutover, Trio
from tests.servers import free_port, wait_until

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """The exit code and what was said on both streams, in this process."""

    def said(*words: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cutover(RESOURCES, list(map(str, words)))
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    return said


def started(*words: object) -> tuple[int, str]:
    """The same of a process of its own, which ends by itself."""
    done = ran("-m", "app", "cutover", *words)
    return done.returncode, done.stdout + done.stderr


def test_the_program_says_it(in_copy: Trio) -> None:
    assert started("verify", "--state", in_copy.cutover.state) == (0, "Both sides are equal, in order.\n")


def test_it_leads(in_copy: Trio, say: Say) -> None:
    where = ("--state", in_copy.cutover.state)
    assert say("stage", "done", *where)[0] == 1
    assert '"share": 30' in say("stage", "ramp", "--share", "30", "--anyway", "a test", *where)[1]
    assert "anyway: a test" in in_copy.cutover.facts["events"][-1]["text"]
    assert say("stage", "copy", *where)[0] == 0
    assert '"stage": "copy"' in say("status", "--admin-port", in_copy.cutover.admin_port)[1]
    assert say("give-up", "patients", "nobody", *where) == (1, "No such record was refused.\n")


def test_what_is_asked_for_while_nothing_runs_is_done_by_the_next_one(in_copy: Trio, say: Say) -> None:
    where = ("--state", in_copy.cutover.state)
    in_copy.cutover.stop()
    assert say("stage", "copy", *where) == (0, "No cutover runs. The next one begins with stage copy.\n")
    goes = (
        "No cutover runs. The next one begins with stage copy and goes to ramp; if it cannot, it says why and stays.\n"
    )
    assert say("stage", "ramp", "--share", 40, "--anyway", "a test", *where) == (0, goes)
    in_copy.cutover.start()
    wait_until(lambda: in_copy.cutover.is_at("ramp"), 10, "it goes there")
    assert any("while nothing ran: a test" in event["text"] for event in in_copy.cutover.facts["events"])
    in_copy.cutover.stage("copy")


def test_what_no_next_one_could_do_is_not_written_down(tmp_path: Path, say: Say) -> None:
    """Nothing has run with this folder: all that there is has the old side."""
    for name in ("new", "done"):
        assert say("stage", name, "--state", tmp_path / "x") == (
            2,
            f"No cutover runs or has run with this folder: {name} would lose what the old side has.\n",
        )
    assert not (tmp_path / "x").exists()
    assert "begins with stage old and goes to copy" in say("stage", "copy", "--state", tmp_path / "x")[1]


@pytest.mark.parametrize("words", [["status"], ["status", "--watch"], ["verify"], ["give-up", "patients", "1"]])
def test_nobody_is_asked(words: Sequence[str], tmp_path: Path, say: Say) -> None:
    nobody = "No cutover runs with this folder (--state) or operator's port (--admin-port).\n"
    assert say(*words, "--state", tmp_path) == (2, nobody)


@pytest.mark.parametrize("words", [["status"], ["status", "--watch"], ["verify"], ["stage", "copy"]])
def test_somebody_else_is_asked(words: Sequence[str], in_copy: Trio, stranger: int, say: Say) -> None:
    for port in (in_copy.old.port, in_copy.new.port, in_copy.cutover.port):
        code, text = say(*words, "--admin-port", port)
        assert (code, text) == (2, f"It is no cutover that answers at http://127.0.0.1:{port}.\n")
    code, text = say(*words, "--admin-port", stranger)
    assert (code, text.partition(": what")[2]) == (2, " comes is no HTTP (BadStatusLine).\n")
    code, text = say(*words, "--admin-port", port := free_port())
    assert (code, text) == (2, f"No cutover answers at http://127.0.0.1:{port}: Connection refused.\n")


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of something that speaks no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_greet, args=[listener], daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _greet(listener: socket.socket) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with line:
            line.recv(1000)
            line.sendall(b"SSH-2.0-somebody\r\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["stage", "nothing"], "'nothing' is not one of"),
        (["stage", "ramp", "--share", "101"], "less than or equal to 100"),
        (["status", "--admin-port", "65536"], "less than or equal to 65535"),
        (["status", "--admin-port", "0"], "greater than or equal to 1"),
        (["stage"], "NAME"),
        (["--release", "0.16"], "is not one of"),
        (["--old", "http://a:1", "--new", "http://a:1/"], "Not started: --old and --new are both http://a:1\n"),
        (["stage", "copy", "--state", "/dev/null/x"], "/dev/null/x: Not a directory\n"),
    ],
)
def test_what_is_wrong_is_said(words: Sequence[str], says: str, say: Say) -> None:
    code, text = say(*words)
    assert (code, "Traceback" in text) == (2, False)
    assert says in text


def test_what_keeps_it_from_starting_is_said_with_the_options_that_help(in_copy: Trio, tmp_path: Path) -> None:
    taken = in_copy.cutover.port
    in_use = f"port {taken} of 127.0.0.1 is in use; --host, --port and --admin-port name others"
    assert started("--port", taken, "--admin-port", 0, "--state", tmp_path) == (2, f"Not started: {in_use}\n")
    assert started("--state", "/dev/null/x") == (2, "Not started: /dev/null/x: Not a directory\n")


def test_files_that_cannot_be_used_are_said_and_kept(tmp_path: Path, say: Say) -> None:
    (flags := tmp_path / "flags.json").write_text('{"threshold": 7, "stage": "nothing"}')
    code, text = say("stage", "copy", "--state", tmp_path)
    assert (code, "flags.json: stage: " in text, "Mend it, or move it away." in text) == (2, True, True)
    assert json.loads(flags.read_text())["threshold"] == 7
    (tmp_path / "journal.jsonl").write_text("nonsense\n")
    code, text = say("stage", "copy", "--state", tmp_path)
    assert (code, "journal.jsonl: line 1 is not of a journal" in text) == (2, True)


def test_which_side_does_not_answer_is_said_and_one_that_is_exchanged(in_copy: Trio, tmp_path: Path, say: Say) -> None:
    """Exchanged, json-server would be emptied: what this server has would be the truth."""
    nobody = f"http://127.0.0.1:{free_port()}"
    sides = {"away": (nobody, in_copy.new.url), "exchanged": (in_copy.new.url, in_copy.old.url)}
    for name, says in {"away": "the old side does not answer", "exchanged": "are --old and --new exchanged?"}.items():
        old, new = sides[name]
        with Cutover(tmp_path / name, None, "--old", old, "--new", new).launch():
            code, text = say("stage", "copy", "--state", tmp_path / name)
            assert (code, text.startswith("Stage old stays: "), says in text) == (1, True, True), text
    code, text = say("verify", "--state", in_copy.cutover.state)
    assert (code, text) == (0, "Both sides are equal, in order.\n")
