"""A misspelt setting is told with the name that was probably meant; what is another program's is left alone."""

from pathlib import Path

import pytest

from app.config import Settings
from app.spelling import ignored

OTHERS = [
    "PATH", "HOME", "HOSTNAME", "LOGNAME", "SHELL", "DISPLAY", "ENV", "NODE_ENV", "PGHOST", "PGPORT", "VITE_PORT",
    "TEST_DATABASE_URL", "DB_HOST", "DB_PORT", "POSTGRES_HOST", "KUBERNETES_SERVICE_HOST", "RENDER_EXTERNAL_HOSTNAME",
]  # fmt: skip


@pytest.fixture(autouse=True)
def env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", file)
    return file


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROT", "PORT"),
        ("port_", "PORT"),
        ("HOTS", "HOST"),
        ("CORS_ORIGIN", "CORS_ORIGINS"),
        ("CORS_ALLOWED_ORIGINS", "CORS_ORIGINS"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("JSON_SERVER_DIALEKT", "JSON_SERVER_DIALECT"),
        ("FORWARDED_ALLOW_IP", "FORWARDED_ALLOW_IPS"),
    ],
)
def test_a_near_miss_in_the_environment_is_told(monkeypatch: pytest.MonkeyPatch, name: str, meant: str) -> None:
    monkeypatch.setenv(name, "1")
    assert list(ignored()) == [f"{name.upper()}, which is no setting: {meant} was probably meant"]


@pytest.mark.parametrize("name", OTHERS)
def test_another_programs_variable_is_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert list(ignored()) == []


def test_beside_the_right_name_only_a_slip_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "PROT", "DATABASE_URL", "DATABASE_PUBLIC_URL"):
        monkeypatch.setenv(name, "9000")
    assert list(ignored()) == ["PROT, which is no setting: PORT was probably meant"]


def test_every_unknown_name_in_the_file_is_told(env_file: Path) -> None:
    lines = (
        "# a comment",
        "PORT=1",
        "export CORS_ORIGIN=*",
        "VITE_API_BASE_URL='http://x'",
        "forwarded_allow_ips=*",
        "hunter2",
    )
    env_file.write_text("\n".join(lines), encoding="utf-8-sig")
    assert list(ignored()) == [
        "CORS_ORIGIN in .env, which is no setting: CORS_ORIGINS was probably meant",
        "VITE_API_BASE_URL in .env, which is no setting",
        "FORWARDED_ALLOW_IPS in .env, which counts in the environment only",
    ]
