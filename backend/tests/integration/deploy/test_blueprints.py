"""The Blueprints obey Render's rules (its pages blueprint-spec, health-checks, python-version, free).

The platform itself checks plans and references only when a Blueprint is set up; here is what can be known before.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from app.config import BACKEND, Settings
from tests.integration.deploy.conftest import BLUEPRINTS, blueprint

KNOWN: Mapping[str, set[str]] = {
    "file": {"services", "databases", "envVarGroups", "projects", "ungrouped", "previews"},
    "web": {
        *("type", "name", "runtime", "plan", "region", "rootDir", "numInstances", "buildCommand", "preDeployCommand"),
        *("startCommand", "healthCheckPath", "maxShutdownDelaySeconds", "autoDeployTrigger", "buildFilter", "envVars"),
    },
    "buildFilter": {"paths", "ignoredPaths"},
    "envVar": {"key", "value", "sync", "fromDatabase"},
    "fromDatabase": {"name", "property"},
    "database": {
        *("name", "plan", "region", "postgresMajorVersion", "databaseName", "user", "ipAllowList", "diskSizeGB"),
        *("highAvailability", "readReplicas", "connectionPool"),
    },
}
WEB_PLANS = {"free", "starter", "standard", "pro", "pro plus", "pro max", "pro ultra"}
DATABASE_PLANS = {
    "free",
    "basic-256mb",
    "basic-1gb",
    "basic-4gb",
    "pro-4gb",
    "pro-8gb",
}  # the server refuses older names
PAID_ONLY = {"preDeployCommand", "maxShutdownDelaySeconds", "numInstances"}
OF_THE_PLATFORM = {"PYTHON_VERSION", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"}  # Render's, and uvicorn's
DEFAULT_SHUTDOWN_DELAY = 30  # seconds
CONNECTIONS = 100  # of a database below 8 GB


@pytest.fixture(params=BLUEPRINTS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return blueprint(request.param)


@pytest.fixture
def web(document: dict[str, Any]) -> dict[str, Any]:
    (service,) = document["services"]
    assert (service["type"], service["runtime"]) == ("web", "python")
    return dict(service)


@pytest.fixture
def database(document: dict[str, Any]) -> dict[str, Any]:
    (database,) = document["databases"]
    return dict(database)


def variables(web: Mapping[str, Any]) -> dict[str, Any]:
    return {variable["key"]: variable.get("value") for variable in web["envVars"]}


def test_only_known_fields(document: dict[str, Any], web: dict[str, Any], database: dict[str, Any]) -> None:
    assert document.keys() <= KNOWN["file"]
    assert web.keys() <= KNOWN["web"]
    assert web["buildFilter"].keys() == KNOWN["buildFilter"], "one list without the other is not merged with a default"
    assert database.keys() <= KNOWN["database"]
    for variable in web["envVars"]:
        assert variable.keys() <= KNOWN["envVar"]
        assert variable.get("fromDatabase", {}).keys() <= KNOWN["fromDatabase"]
        assert len(variable) == 2, "a key, and one source for its value"


def test_plans_exist_and_the_free_one_has_no_field_it_refuses(web: dict[str, Any], database: dict[str, Any]) -> None:
    assert web["plan"] in WEB_PLANS
    assert database["plan"] in DATABASE_PLANS
    assert (web["plan"] == "free") == (database["plan"] == "free")
    assert (web["plan"] == "free") == (not PAID_ONLY & web.keys())


def test_the_service_gets_the_database_of_the_file(web: dict[str, Any], database: dict[str, Any]) -> None:
    (reference,) = [variable["fromDatabase"] for variable in web["envVars"] if "fromDatabase" in variable]
    assert reference == {"name": database["name"], "property": "connectionString"}
    assert web["region"] == database["region"]
    assert database["ipAllowList"] == [], "left out, it means the whole internet"
    assert isinstance(database["postgresMajorVersion"], str)


def test_every_variable_is_a_text_that_somebody_reads(web: dict[str, Any]) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    assert variables(web).keys() <= settings | OF_THE_PLATFORM
    assert all(value is None or isinstance(value, str) for value in variables(web).values())


def test_its_variables_are_settings_of_production(web: dict[str, Any]) -> None:
    written = {name.lower(): value for name, value in variables(web).items() if value and name not in OF_THE_PLATFORM}
    settings = Settings(_env_file=None, database_url="postgres://u@h/d", **written)
    assert (settings.environment, settings.host) == ("production", "0.0.0.0")
    assert settings.shutdown_timeout < web.get("maxShutdownDelaySeconds", DEFAULT_SHUTDOWN_DELAY)
    assert settings.db_connect_timeout <= 2, "the health check must answer within 5 seconds"
    during_a_deploy = 2 * web.get("numInstances", 1)
    assert during_a_deploy * settings.db_pool_size < CONNECTIONS


def test_the_python_version_is_full_and_one_the_project_takes(web: dict[str, Any]) -> None:
    version = variables(web)["PYTHON_VERSION"]
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
    assert version.count(".") == 2
    assert Version(version) in SpecifierSet(project["requires-python"])


def test_migrations_run_before_traffic(web: dict[str, Any]) -> None:
    before = web["startCommand"] if web["plan"] == "free" else web["preDeployCommand"]
    assert before.startswith("alembic upgrade head")
    assert web["autoDeployTrigger"] == "checksPass"
