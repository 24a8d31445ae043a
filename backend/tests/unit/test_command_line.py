"""The command line: json-server's flags as settings, and the sentence for those that have no counterpart."""

from pathlib import Path
from typing import Any

import pytest

from app.command_line import FLAGS, MISSING, CommandLineError, parse
from app.config import Settings


@pytest.mark.parametrize(
    ("typed", "settings"),
    [
        ("", {}),
        ("-p 3000", {"port": "3000"}),
        ("--port=3000 -H 0.0.0.0", {"port": "3000", "host": "0.0.0.0"}),
        ("-h ::1 -p3001", {"port": "3001", "host": "::1"}),
        ("--delay 300 --read-only", {"delay": "300", "read_only": True}),
        ("--fks _id", {"foreign_key_suffix": "_id"}),
        ("-d 300 --ro", {"delay": "300", "read_only": True}),
        ("--readOnly --no-cors -q", {"read_only": True, "cors_origins": (), "log_level": "WARNING"}),
        ("--nc --quiet", {"cors_origins": (), "log_level": "WARNING"}),
    ],
)
def test_a_flag_is_a_setting(typed: str, settings: dict[str, Any]) -> None:
    assert parse(typed.split()) == (settings, [])
    assert settings.keys() <= Settings.model_fields.keys()


def test_a_file_is_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.json").touch()
    monkeypatch.chdir(tmp_path)
    for typed in (["mine.json", "-p", "3000"], ["--watch", "mine.json"], ["--no-gzip", f"{tmp_path}/mine.json"]):
        assert parse(typed).settings["seed_file"] == tmp_path / "mine.json"


@pytest.mark.parametrize("flag", MISSING, ids=lambda flag: max(flag.names, key=len))
def test_what_has_no_counterpart_is_told_what_to_do_instead(flag: Any) -> None:
    for name in flag.names:
        typed = [name] if flag.nargs == 0 else [name, "value"]
        if flag.matters:
            with pytest.raises(CommandLineError) as refused:
                parse(typed)
            said = str(refused.value)
        else:
            (said,) = parse(typed).notes
        assert said == f"{max(flag.names, key=len)} has no counterpart here: {flag.instead}"


def test_all_that_is_amiss_is_said_at_once() -> None:
    with pytest.raises(CommandLineError) as refused:
        parse(["--watch", "--routes", "routes.json", "-m", "a.js", "b.js"])
    assert [line.partition(" ")[0] for line in str(refused.value).splitlines()] == [
        "--watch",
        "--routes",
        "--middlewares",
    ]


@pytest.mark.parametrize("typed", ["-h", "--help"])
def test_the_help_teaches(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse([typed])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert all(name in said for flag in (*FLAGS, *MISSING) for name in flag.names)
    for taught in ("python -m app -p 3000 mine.json", "DATABASE_URL", "export_db_json.py", "make reset", ".env"):
        assert taught in said


@pytest.mark.parametrize(
    ("typed", "says"), [("--prot 1", "--prot"), ("--por 1", "--por"), ("-p", "-p/--port"), ("a b", "b")]
)
def test_what_nobody_knows_is_an_error(typed: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(typed.split())
    assert end.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "says"),
    [("nowhere.json", "there is no such file"), ("https://a.example/db", "curl -o db.json https://a.example/db")],
)
def test_a_file_that_is_not_there_is_an_error(file: str, says: str) -> None:
    with pytest.raises(CommandLineError, match=rf"^{file}: .*{says}$"):
        parse([file])
