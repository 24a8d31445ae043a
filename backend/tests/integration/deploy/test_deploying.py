"""The Blueprints' build, pre-deploy and start commands, as they are written, in a clean directory; and what the
container image holds, put together without an engine: here, because the build takes longest."""

import itertools
import json
import re
import shutil
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.conftest import BLUEPRINTS, KEY, ORIGIN, ROOT, Run, Service
from tests.integration.deploy.test_container import copied, last
from tests.patients import patient

SENT = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, HTTPMessage, Any]:
    """One request as Render's router sends it: from another address, for a browser that used https."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20, source_address=("127.0.0.2", 0))
    forwarded = {"Host": "patients.example", "X-Forwarded-Proto": "https", **SENT}
    connection.request(method, path, json.dumps(body) if body else None, forwarded | headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(text)


def migrate(service: Service) -> None:
    """The pre-deploy command, by two deploys at once, where there is one."""
    if command := service.fields.get("preDeployCommand"):
        runs = [service.run(command) for _ in range(2)]
        results = [run.result() for run in runs]
        assert [code for code, _ in results] == [0, 0], results
        assert sum("Running upgrade" in output for _, output in results) == 1


@pytest.mark.parametrize("service", BLUEPRINTS, indirect=True)
def test_a_deploy_serves_patients_to_the_origin_that_was_set(service: Service) -> None:
    migrate(service)
    with service.instance() as instance:
        status, headers, row = ask(instance.port, "POST", "/patients", patient(1))
        assert (status, headers["Location"]) == (201, f"/patients/{row['id']}")
        for origin, allowed in ((ORIGIN, ORIGIN), ("https://other.example", None)):
            status, headers, rows = ask(instance.port, "GET", "/patients", Origin=origin)
            assert (status, headers["Access-Control-Allow-Origin"], rows) == (200, allowed, [row])
        assert ask(instance.port, "GET", "/patients", Authorization="")[0] == 401
        code, log = instance.stop(), instance.said
    assert code == 0
    assert any("/patients" in json.loads(line)["message"] for line in log.splitlines() if line.startswith("{"))
    assert "Ångström" not in log


class Load:
    """Clients without pause, at the instance `target` names. Remembers every answer, and each that did not come."""

    def __init__(self, target: Run, clients: int) -> None:
        self.target = target
        self.statuses: list[int] = []
        self.dropped: list[str] = []
        self._numbers = itertools.count(1)
        self._sending, self._over = threading.Lock(), threading.Event()
        self._clients = [threading.Thread(target=self._client) for _ in range(clients)]

    def __enter__(self) -> "Load":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No more requests; return when the last one is answered."""
        self._over.set()
        for client in self._clients:
            client.join()

    def await_answers(self, more: int) -> None:
        enough = len(self.statuses) + more
        while len(self.statuses) < enough:
            assert not self.dropped
            time.sleep(0.01)

    def switch(self, to: Run) -> None:
        """From now on every request goes there; those sent before are under way."""
        with self._sending:
            self.target = to

    def _client(self) -> None:
        while not self._over.is_set():
            try:
                self.statuses.append(self._request())
            except OSError as error:
                self.dropped.append(repr(error))

    def _request(self) -> int:
        number = next(self._numbers)
        with self._sending:
            connection = HTTPConnection("127.0.0.1", self.target.port, timeout=20)
            method, body = ("POST", json.dumps(patient(number))) if number % 2 else ("GET", None)
            connection.request(method, "/patients", body, SENT)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


def half_sent(instance: Run, number: int) -> tuple[HTTPConnection, bytes]:
    """A POST of which the server has the head, and the body that is to follow."""
    body = json.dumps(patient(number)).encode()
    connection = HTTPConnection("127.0.0.1", instance.port, timeout=20)
    connection.putrequest("POST", "/patients")
    for name, value in SENT.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    return connection, body


@pytest.mark.parametrize("service", BLUEPRINTS[:1], indirect=True)
def test_a_new_deploy_under_load_drops_no_request(service: Service) -> None:
    """The new instance serves beside the old one; traffic moves; the old one gets SIGTERM with requests under way."""
    migrate(service)
    with service.instance() as old, Load(old, clients=8) as load:
        load.await_answers(50)
        slow = [half_sent(old, 1_000_000 + number) for number in range(8)]
        with service.instance() as new:
            load.await_answers(50)
            load.switch(new)
            old.process.terminate()
            for connection, body in slow:
                connection.send(body)
                assert connection.getresponse().status == 201
                connection.close()
            assert old.process.wait(service.fields["maxShutdownDelaySeconds"]) == 0
            load.stop()
            stored = ask(new.port, "GET", "/patients")[2]
    assert load.dropped == []
    assert set(load.statuses) == {200, 201}
    assert len(stored) == load.statuses.count(201) + len(slow)


@pytest.mark.parametrize("service", ["render.yaml"], indirect=True)
def test_what_is_in_the_image_serves_and_is_healthy(service: Service, tmp_path: Path) -> None:
    """The files it copies, its environment, its command and its health check, with the packages the build made."""
    image = tmp_path / "srv"
    image.mkdir()
    for source, target in copied():
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, image / target)
    set_there = dict(re.findall(r"(\w+)=(\S+)", last("ENV")))
    set_there.pop("PATH")
    given = {name: service.environment[name] for name in ("PATH", "DATABASE_URL", "ACCESS", "API_KEYS")}
    container = service._replace(folder=image, environment=given | set_there)
    assert container.run("alembic upgrade head").result()[0] == 0
    container.fields["startCommand"] = "exec " + " ".join(json.loads(last("CMD")))
    with container.instance() as instance:
        assert ask(instance.port, "POST", "/patients", patient(1))[0] == 201
        check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
        for port, healthy in ((instance.port, True), (1, False)):
            environment = {**container.environment, "PORT": str(port)}
            done = subprocess.run(check, env=environment, cwd=image, check=False, capture_output=True)
            assert (done.returncode == 0) == healthy
        exported = container.run("python scripts/export_db_json.py -").result()
        assert "Ångström" in exported[1]
        assert instance.stop() == 0
