"""Settings: what is taken, and the one line a wrong value gets."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from app import config
from app.config import Settings, SettingsError
from app.cores import cores

HASH = "sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PORT", "http", "PORT: must be a whole number from 0 to 65535"),
        ("PORT", "65536", "PORT: must be a whole number from 0 to 65535"),
        ("ENVIRONMENT", "staging", "ENVIRONMENT: must be development or production"),
        ("FOREIGN_KEY_SUFFIX", "-id", "FOREIGN_KEY_SUFFIX: must be up to 20 letters, digits and _, such as Id or _id"),
        ("JSON_SERVER_DIALECT", "2", "JSON_SERVER_DIALECT: must be 0.17 or 1"),
        ("DB_POOL_SIZE", "0", "DB_POOL_SIZE: must be a whole number from 1 to 1000"),
        ("DB_DEADLINE", "nan", "DB_DEADLINE: must be a number from 0.1 to 60"),
        ("METRICS", "perhaps", "METRICS: must be true or false"),
        ("HOST", "", "HOST: must be given"),
        ("MAX_BODY_BYTES", "1MB", "MAX_BODY_BYTES: must be a whole number from 1 to"),
        ("CORS_ORIGINS", "app.example", "CORS_ORIGINS: each must look like https://app.example"),
        ("CORS_ORIGINS", "https://a.example, https://b.example/page", "CORS_ORIGINS: each must look like"),
        ("CORS_ORIGINS", "https://app-*.vercel.app", "CORS_ORIGINS: a * is one whole label of a host"),
        ("CORS_ORIGINS", "https://*.*.vercel.app", "CORS_ORIGINS: a * is one whole label of a host"),
        ("CORS_ORIGINS", "http://localhost:*", "CORS_ORIGINS: a * is one whole label of a host"),
        ("CORS_ORIGINS", "https://*", "CORS_ORIGINS: a * is one whole label of a host"),
        ("CORS_ORIGINS", "https://app.*", "CORS_ORIGINS: a * is one whole label of a host"),
        ("CORS_ORIGINS", "*.vercel.app", "CORS_ORIGINS: a * is one whole label of a host"),
        ("CORS_ORIGINS", "https://bücher.example", "CORS_ORIGINS: each must look like"),
        ("KEEP_ALIVE", "0", "KEEP_ALIVE: must be a whole number from 1 to 3600"),
        ("CHANGES_KEEP_DAYS", "ever", "CHANGES_KEEP_DAYS: must be a whole number from 1 to 100000"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: must be DEBUG, INFO, WARNING or ERROR"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT: must be plain or json"),
        ("DATABASE_URL", "mysql://u:secret@h/d", "DATABASE_URL: must begin with postgres:// or postgresql://"),
        ("DATABASE_URL", "postgresql://u:secret@[::1/d", "DATABASE_URL: is not a URL that libpq can read"),
        ("DATABASE_URL", "postgresql://u:sec/ret@h/d", "DATABASE_URL: has a port that is not a number"),
        ("DATABASE_URL", "postgresql://u:secret@h:port/d", "DATABASE_URL: has a port that is not a number"),
        ("DATABASE_URL", "postgresql://u:x@secret@h/d", "DATABASE_URL: has an @ too many"),
        ("ACCESS", "closed", "ACCESS: must be open, keys, jwt, or keys,jwt"),
        ("ACCESS", "open,keys", "ACCESS: must be open, keys, jwt, or keys,jwt"),
        ("ACCESS", "jwt", "JWT_ISSUER and JWT_AUDIENCE must be set when ACCESS has jwt"),
        ("JWT_ISSUER", "http://secret.example", "JWT_ISSUER: must be an address with https://"),
        ("JWT_ISSUER", "https://u:secret@id.example", "JWT_ISSUER: must be an address with https://"),
        ("JWT_ISSUER", "id.example", "JWT_ISSUER: must be an address with https://"),
        ("JWT_JWKS_URL", "http://127.0.0.1.secret.example", "JWT_JWKS_URL: must be an address with https://"),
        ("JWT_ROLES_AT", "secret.roles", "JWT_ROLES_AT: must be a JSON Pointer to a claim"),
        ("JWT_ROLES", "secret", "JWT_ROLES: each must look like doctor=writer"),
        ("JWT_ROLES", "doctor=secret", "JWT_ROLES: a role is reader, writer, auditor, admin or RESOURCE:LETTERS"),
        ("API_KEYS", "pak_secret", "API_KEYS: each key must look like"),
        ("API_KEYS", "anna secret", "API_KEYS: each key must look like"),
        ("API_KEYS", f"anna secret {HASH}", "API_KEYS: a role is reader, writer, auditor, admin or RESOURCE:LETTERS"),
        ("API_KEYS", f"secret! reader {HASH}", "API_KEYS: a name has up to 64 letters"),
        ("API_KEYS", f"anna reader {HASH},bo writer {HASH}", "API_KEYS: key 2 is there already"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        config.load()
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("variable", [name.upper() for name in Settings.model_fields])
def test_each_setting_has_words_for_what_it_refuses(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for value in ("?", "-1", ""):
        monkeypatch.setenv(variable, value)
        with suppress(SettingsError):
            config.load()


@pytest.mark.parametrize("content", [b"PORT=1\n\xff", "PORT=1\n".encode("utf-16")], ids=["Latin-1", "UTF-16"])
def test_a_file_that_is_no_text_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(SettingsError, match=r"^[^\n]*\.env cannot be read as UTF-8 text$"):
        config.load()


def test_production_needs_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match="DATABASE_URL must be set when ENVIRONMENT=production"):
        config.load()


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgres://u:p@h/d", "postgres://u:p@h/d"),
        (
            "postgresql://h1:1,h2:2/d?target_session_attrs=read-write\n",
            "postgresql://h1:1,h2:2/d?target_session_attrs=read-write",
        ),
        ("postgresql+psycopg://u:%25@h/d", "postgresql://u:%25@h/d"),
    ],
)
def test_a_database_url_reaches_libpq_untouched(monkeypatch: pytest.MonkeyPatch, url: str, dsn: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    settings = config.load()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == dsn
    assert ":p@" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "origins", "allowed"),
    [
        ("development", None, ("*",)),
        ("production", None, ()),
        ("production", "https://a.example, https://b.example/", ("https://a.example", "https://b.example")),
        ("development", "http://localhost:5173", ("http://localhost:5173",)),
        ("production", "HTTPS://App.Example,null,*", ("https://app.example", "null", "*")),
        ("production", " ", ()),
        ("production", "https://*.Vercel.app", ("https://*.vercel.app",)),
        ("production", "http://*.localhost:5173", ("http://*.localhost:5173",)),
        ("production", "https://a.example:443, http://[::1]:80", ("https://a.example", "http://[::1]")),
        ("production", "capacitor://localhost", ("capacitor://localhost",)),
    ],
)
def test_origins(
    monkeypatch: pytest.MonkeyPatch, environment: str, origins: str | None, allowed: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/d")
    if origins is not None:
        monkeypatch.setenv("CORS_ORIGINS", origins)
    assert config.load().allowed_origins == allowed


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HOST=0.0.0.0\nPORT=1111\n", encoding="utf-8-sig")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("PORT", "2222")
    settings = config.load()
    assert (settings.port, settings.host) == (2222, "0.0.0.0")


@pytest.mark.parametrize("processors", [1, 3, 128])
def test_auto_is_a_worker_for_each_processor_up_to_64(monkeypatch: pytest.MonkeyPatch, processors: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)
    monkeypatch.setenv("WORKERS", "Auto")
    assert config.load().workers == min(cores(), 64)


@pytest.mark.parametrize(
    ("quota", "processors"), [("max 100000", 4), ("50000 100000", 1), ("250000 100000", 2), ("800000 100000", 4)]
)
def test_a_container_that_is_given_part_of_the_time_has_fewer_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, processors: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    (file := tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert cores(file) == processors
