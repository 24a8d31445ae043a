"""Settings: their names, types and defaults. Nothing is read until `load()` is called.

Each is an environment variable or a line of `backend/.env` (the environment wins). `.env.example` documents them all.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import libpq, origins
from app.access import addresses, keys, roles
from app.cores import cores

BACKEND = Path(__file__).resolve().parent.parent

_DIALECTS: Mapping[str, str] = {"0.17": "0.17", "1": "1.x"}  # setting -> what people call the releases

_MOST_WORKERS = 64
LONGEST_DELAY = 60_000  # milliseconds; no frontend waits longer for an answer

_OPEN, _CREDENTIALS = "open", ("keys", "jwt")  # what ACCESS may be
_ACCESS = "open, keys, jwt, or keys,jwt"
_UNSAID = f"ACCESS must be set when ENVIRONMENT=production, to {_ACCESS}; open means that nobody is asked who they are"

_KINDS: Mapping[Any, str] = {
    bool: "true or false",
    bool | None: "true or false",
    int: "a whole number",
    int | None: "a whole number",
    float: "a number",
    str: "given",
}

_BASE_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")

ENCODING = "utf-8-sig"  # of `.env`: some editors put a mark before its first name


class SettingsError(Exception):
    """A setting has a value that cannot be used; the text is one line that names the variable and what is allowed."""


class Settings(BaseSettings):
    """The server's settings, immutable.

    Errors raised while reading never repeat a value: a database URL holds a password.
    """

    model_config = SettingsConfigDict(
        env_file=BACKEND / ".env",
        env_file_encoding=ENCODING,
        env_ignore_empty=False,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = "development"
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=_MOST_WORKERS)] = 1
    cors_origins: Annotated[tuple[str, ...] | None, NoDecode] = None
    json_server_dialect: Literal["0.17", "1"] = "0.17"
    foreign_key_suffix: str = "Id"
    base_path: str | None = None

    access: Annotated[tuple[str, ...] | None, NoDecode] = None
    api_keys: SecretStr | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_jwks_url: str | None = None
    jwt_roles_at: str = "/roles"
    jwt_roles: str | None = None

    database_url: SecretStr | None = None
    db_pooled: bool = False
    db_pool_size: Annotated[int, Field(ge=1, le=1000)] = 8
    db_connect_timeout: Annotated[int, Field(ge=2, le=60)] = 2  # psycopg waits whole seconds, two at least
    db_deadline: Annotated[float, Field(ge=0.1, le=60)] = 4.0

    delay: Annotated[int, Field(ge=0, le=LONGEST_DELAY)] = 0
    read_only: bool = False

    data_dir: Path = BACKEND / ".data"
    seed_file: Path | None = BACKEND.parent / "db.json"

    changes_keep_days: Annotated[int | None, Field(ge=1, le=100_000)] = None

    import_max_bytes: Annotated[int, Field(ge=0, le=1 << 40)] = 256 << 20
    max_body_bytes: Annotated[int, Field(ge=1, le=1 << 30)] = 1 << 20
    max_bodies_bytes: Annotated[int, Field(ge=1, le=1 << 40)] = 64 << 20
    max_connections: Annotated[int, Field(ge=1, le=10_000)] = 8000
    receive_timeout: Annotated[float, Field(ge=1, le=600)] = 20.0
    keep_alive: Annotated[int | None, Field(ge=1, le=3600)] = None
    shutdown_timeout: Annotated[int, Field(ge=1, le=300)] = 8

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["plain", "json"] = "plain"
    metrics: bool = False
    home_page: bool | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        """Dashboards and shells add blanks and line ends to values."""
        return value.strip() if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("workers", mode="before")
    @classmethod
    def _auto(cls, value: object) -> object:
        if isinstance(value, str) and value.lower() == "auto":
            return min(cores(), _MOST_WORKERS)
        if isinstance(value, str) and not (value.isdecimal() and 1 <= int(value) <= _MOST_WORKERS):
            raise ValueError(f"must be a whole number from 1 to {_MOST_WORKERS}, or auto")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(origins.checked(part) for part in value.split(",") if part.strip()) or None

    @field_validator("access", mode="before")
    @classmethod
    def _credentials(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        named = {part.strip().lower() for part in value.split(",")} - {""}
        if named - {_OPEN, *_CREDENTIALS} or (_OPEN in named and len(named) > 1):
            raise ValueError(f"must be {_ACCESS}")
        return tuple(sorted(named)) or None

    @field_validator("api_keys", "jwt_roles", mode="before")
    @classmethod
    def _lines(cls, value: object, field: ValidationInfo) -> object:
        """Empty is unset."""
        if isinstance(value, str):
            (keys.parsed if field.field_name == "api_keys" else roles.parsed)(value)
        return value or None

    @field_validator("database_url", "jwt_issuer", "jwt_jwks_url", mode="before")
    @classmethod
    def _url(cls, value: object, field: ValidationInfo) -> object:
        """Empty is unset."""
        checked = libpq.checked if field.field_name == "database_url" else addresses.checked
        return checked(value) if value and isinstance(value, str) else value or None

    @field_validator("jwt_roles_at")
    @classmethod
    def _pointer(cls, value: str) -> str:
        if not value.startswith("/"):
            raise ValueError("must be a JSON Pointer to a claim, such as /roles or /realm_access/roles")
        return value

    @field_validator("seed_file", "keep_alive", "changes_keep_days", "jwt_audience", "home_page", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("foreign_key_suffix")
    @classmethod
    def _end_of_a_name(cls, value: str) -> str:
        if not re.fullmatch(r"\w{1,20}", value, re.ASCII):
            raise ValueError("must be up to 20 letters, digits and _, such as Id or _id")
        return value

    @field_validator("base_path")
    @classmethod
    def _segments(cls, value: str | None) -> str | None:
        """`/api` of `api/`; None where everything is at the root."""
        path = "/".join(["", *filter(None, (value or "").split("/"))])
        if not _BASE_PATH.fullmatch(path):
            raise ValueError("must be a path of letters, digits and - . _ ~, for example /api")
        return path or None

    @field_validator("data_dir", "seed_file")
    @classmethod
    def _from_backend(cls, value: Path | None) -> Path | None:
        """A relative path means the same wherever a program is started."""
        return value and BACKEND / value

    @model_validator(mode="after")
    def _production_needs_a_database(self) -> "Settings":
        if self.environment == "production" and self.database_url is None:
            raise ValueError(
                "DATABASE_URL must be set when ENVIRONMENT=production, for example postgresql://user@host/database"
            )
        return self

    @model_validator(mode="after")
    def _tokens_need_an_issuer(self) -> "Settings":
        if "jwt" in self.demanded and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("JWT_ISSUER and JWT_AUDIENCE must be set when ACCESS has jwt")
        return self

    @model_validator(mode="after")
    def _production_rehearses_nothing(self) -> "Settings":
        if self.environment == "production" and (self.delay or self.read_only):
            raise ValueError("DELAY and READ_ONLY are for development: unset them when ENVIRONMENT=production")
        return self

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins CORS allows: as set; unset means every one in development and none in production."""
        if self.cors_origins is not None:
            return self.cors_origins
        return ("*",) if self.environment == "development" else ()

    @property
    def demanded(self) -> frozenset[str]:
        """What a request must bring one of, `keys` or `jwt`; nothing where ACCESS is open."""
        return frozenset(self.access or ()) - {_OPEN}

    @property
    def pages(self) -> bool:
        """Whether there are pages for people: as set; unset means in development only."""
        return self.environment == "development" if self.home_page is None else self.home_page

    @property
    def share(self) -> "Settings":
        """Of one worker: what is said of the whole server is divided; the pool is each worker's own."""
        bodies = max(self.max_bodies_bytes // self.workers, self.max_body_bytes)
        connections = max(1, self.max_connections // self.workers)
        return self.model_copy(update={"max_connections": connections, "max_bodies_bytes": bodies})

    @property
    def keys(self) -> keys.Keys:
        return keys.parsed(self.api_keys.get_secret_value() if self.api_keys else "")

    @property
    def roles(self) -> Mapping[str, str]:
        """What the issuer's words mean here; empty: what they say."""
        return roles.parsed(self.jwt_roles or "")

    @property
    def dialects(self) -> Sequence[tuple[str, str]]:
        """Every JSON_SERVER_DIALECT with the releases' name, the one that is set first."""
        return sorted(_DIALECTS.items(), key=lambda dialect: dialect[0] != self.json_server_dialect)


def load(**given: Any) -> Settings:
    """Settings from the environment and `backend/.env`; those that are `given`, by field name, win over both.

    Raises `SettingsError` with one line naming every wrong variable and what it may be.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("; ".join(map(_sentence, error.errors()))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{Settings.model_config.get('env_file')} cannot be read as UTF-8 text") from error


def to_serve(**given: Any) -> Settings:
    """As `load`, for a server: whether anybody may do everything must be said in production.

    Raises `SettingsError`.
    """
    settings = load(**given)
    if settings.environment == "production" and settings.access is None:
        raise SettingsError(_UNSAID)
    return settings


def _sentence(fault: ErrorDetails) -> str:
    """Our own words, which name the variable and what it may be."""
    ours = fault["msg"].removeprefix("Value error, ") if fault["type"] == "value_error" else ""
    if not fault["loc"]:
        return ours
    name = str(fault["loc"][0])
    return f"{name.upper()}: {ours or 'must be ' + _allowed(Settings.model_fields[name])}"


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        *most, last = get_args(field.annotation)
        return f"{', '.join(most)} or {last}"
    bounds = {name: getattr(bound, name) for bound in field.metadata for name in ("ge", "le") if hasattr(bound, name)}
    return _KINDS[field.annotation] + (" from {ge} to {le}".format(**bounds) if bounds else "")
