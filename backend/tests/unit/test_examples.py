"""What the examples beside the code say is what the code takes."""

import re
import tomllib
from pathlib import Path

import pytest

from app import __version__, config
from app.config import BACKEND, Settings

EXAMPLE = (BACKEND / ".env.example").read_text()


def test_every_setting_is_documented() -> None:
    assert set(re.findall(r"^#([A-Z_]+)=", EXAMPLE, re.M)) == {name.upper() for name in Settings.model_fields}


def test_the_documented_values_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    defaults = config.load()
    (tmp_path / ".env").write_text(re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE, flags=re.M))
    unset = {"access", "api_keys", "jwt_issuer", "jwt_audience", "jwt_jwks_url", "jwt_roles"}
    samples = {"database_url", "cors_origins", *unset}
    documented = config.load()
    assert documented.seed_file
    documented = documented.model_copy(update={"seed_file": documented.seed_file.resolve()})
    assert documented.model_dump(exclude=samples) == defaults.model_dump(exclude=samples)


def test_the_version_is_written_alike() -> None:
    assert tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]["version"] == __version__
