"""The course of a benchmark: for each number of patients the data, the servers, and everyone timed in turn."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import psycopg

from app.development import upgrade
from app.embedded import postgres
from app.sql import Query
from benchmarks import answers, contenders, heavy, limits, load, patients
from benchmarks.contenders import Server, World
from benchmarks.load import Sample, WrongAnswers
from benchmarks.report import Cell, ServerFacts
from benchmarks.scenarios import LIMITS, MARK, SCENARIOS, SERVERS, TWICE, UNRECORDED, Request, Scenario, requests_of

_MANY = 10_000  # patients; above it the requests that json-server works seconds for are left out


class Plan(NamedTuple):
    """How much is measured. `sides`: the numbers of connections beside the main one, for one round, servers only."""

    sizes: tuple[int, ...] = (100, 10_000, 100_000)
    connections: int = 16
    sides: tuple[int, ...] = (1, 64)
    rounds: int = 3
    seconds: int = 1
    servers: tuple[str, ...] = (*SERVERS, *TWICE, UNRECORDED, *LIMITS)
    scenarios: tuple[Scenario, ...] = SCENARIOS


FULL = Plan()
QUICK = Plan(sizes=(10_000,), sides=(), rounds=1, servers=(*SERVERS, UNRECORDED, *LIMITS))


class Work(NamedTuple):
    """One scenario at one number of connections: the requests in a file, and the statements they become."""

    scenario: Scenario
    file: Path
    queries: Sequence[Query]
    connections: int
    rounds: int


class Site(NamedTuple):
    """One number of patients, set up: the data, and the servers that run on them."""

    plan: Plan
    world: World
    data: list[patients.Patient]
    servers: dict[str, Server]


def measure(plan: Plan) -> tuple[list[Cell], list[ServerFacts]]:
    """All cells of the plan, and what the servers took. Raises `WrongAnswers`."""
    cells, facts = list[Cell](), list[ServerFacts]()
    with cluster() as (dsn, folder):
        for size in plan.sizes:
            with _site(plan, dsn, folder, size) as site:
                for scenario in plan.scenarios:
                    cells += _scenario(site, scenario)
                facts += [ServerFacts(s.name, size, s.seconds, s.memory()) for s in site.servers.values()]
    return cells, facts


# --- setting up


@contextmanager
def cluster() -> Iterator[tuple[str, Path]]:
    """The DSN of a PostgreSQL of our own that keeps what it acknowledges, as in production."""
    folder = Path(tempfile.mkdtemp(prefix="patients-bench-"))
    folder.chmod(0o755)  # when root measures, PostgreSQL's user must get in
    try:
        with postgres(folder / "postgres", durable=True) as cluster:
            yield cluster, folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _site(plan: Plan, cluster: str, folder: Path, size: int) -> Iterator[Site]:
    data = patients.make(size)
    dsn, unrecorded = (database(cluster, f"bench_{size}{kind}") for kind in ("", "_unrecorded"))
    _stop_recording(unrecorded)
    world = World(folder, dsn, unrecorded, folder / "db.json", folder / "answers.json")
    for one in (dsn, unrecorded):
        patients.copy_into(one, data)
    patients.write_db_json(data, world.db_json)
    with ExitStack() as stack:
        site = Site(plan, world, data, {})
        for name in plan.servers:
            if name == "http limit":
                _record(site)
            if name != "database limit":
                path = f"/patients/{data[0]['id']}"
                site.servers[name] = stack.enter_context(contenders.running(name, world, path))
        yield site


def database(dsn: str, name: str) -> str:
    """A new, migrated database beside the one of the DSN."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    own = dsn.replace("@/patients?", f"@/{name}?")
    upgrade(own)
    return own


def _stop_recording(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE patients DISABLE TRIGGER USER")


def _record(site: Site) -> None:
    """Our answers to all requests, for the HTTP limit to repeat."""
    first = [Request("GET", f"/patients/{site.data[0]['id']}")]
    asked = dict.fromkeys(request for scenario in _asked(site) for request in requests_of(scenario, site.data))
    site.world.answers.write_text(json.dumps(answers.recorded(site.servers["ours"], [*first, *asked])))
    _restore(site)


def _asked(site: Site) -> list[Scenario]:
    return [scenario for scenario in site.plan.scenarios if "http limit" in _needed(site, scenario)]


def _restore(site: Site) -> None:
    """The data as they were, so that every scenario starts from the same."""
    for dsn in (site.world.dsn, site.world.unrecorded):
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE patients, changes RESTART IDENTITY")
        patients.copy_into(dsn, site.data)


# --- measuring


def _needed(site: Site, scenario: Scenario) -> list[str]:
    """Who is asked here."""
    size = len(site.data)
    if not scenario.every and size != _MANY:
        return []
    return [name for name in site.plan.servers if name in scenario.needs and (size <= _MANY or _copes(name, scenario))]


def _copes(name: str, scenario: Scenario) -> bool:
    """json-server walks, sorts or rewrites everything, which takes seconds; and a large list of ours is no single
    statement that could be repeated. Heavy lists of many patients measure how many cores PostgreSQL has."""
    if scenario.beside:
        return False
    return scenario.name == "by id" if "json-server" in name else (name, scenario.name) != ("database limit", "list")


def _seconds(site: Site, scenario: Scenario) -> int:
    """Long enough for some whole lists of 100,000."""
    return site.plan.seconds * (3 if scenario.name == "list" and len(site.data) > _MANY else 1)


def _scenario(site: Site, scenario: Scenario) -> list[Cell]:
    names = _needed(site, scenario)
    if not names:
        return []
    requests = requests_of(scenario, site.data)
    answers.compare(scenario, [site.servers[name] for name in names if name in site.servers], requests, site.data)
    file = load.write(requests, site.world.folder / f"{scenario.name}.txt")
    queries = limits.statements(site.world.dsn, requests[:100]) if "database limit" in names else []
    cells = _cells(site, Work(scenario, file, queries, site.plan.connections, site.plan.rounds), names)
    sides = [name for name in names if name in (*SERVERS, *TWICE)] if scenario.every else []
    for connections in site.plan.sides:
        cells += _cells(site, Work(scenario, file, queries, connections, 1), sides)
    if scenario.writes:
        _restore(site)
    return cells


def _cells(site: Site, work: Work, names: Sequence[str]) -> list[Cell]:
    """Everyone in turn, round after round: what disturbs the machine disturbs them all."""
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for _ in range(work.rounds):
        for name in names:
            samples[name].append(_sample(site, name, work))
    about = work.scenario.name, len(site.data), work.connections
    return [Cell(*about, name, tuple(found)) for name, found in samples.items()]


def _sample(site: Site, name: str, work: Work) -> Sample:
    if name == "database limit":
        return limits.run(site.world.dsn, work.queries, work.connections, _seconds(site, work.scenario))
    stored = _posted(site.world.dsn)
    url, others = site.servers[name].url, work.scenario.beside
    with heavy.beside(url, others) if others else nullcontext():
        sample = load.run(url, work.file, work.connections, _seconds(site, work.scenario))
    if work.scenario.name == "POST" and name in ("ours", "fastify", *TWICE):
        _require_kept(name, sample.answered, _posted(site.world.dsn) - stored)
    return sample


def _posted(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT count(*) FROM patients WHERE patient_id LIKE %s", [MARK + "%"]).fetchone()
        return int(found[0]) if found else 0


def _require_kept(name: str, acknowledged: int, stored: int) -> None:
    if stored < acknowledged:
        raise WrongAnswers(f"{name} acknowledged {acknowledged} patients and kept {stored}")
