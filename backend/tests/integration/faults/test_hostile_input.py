"""Thousands of requests nobody should send: none is a fault of the server, none changes what it should not."""

import datetime as dt
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from app.resource.javascript import BLANKS
from tests.integration.faults import hostile
from tests.integration.faults.wire import Answer, Client
from tests.torture import amount

Table = psycopg.Connection[Any]

WHOLE = {
    "name": "Secretia",
    "age": 7,
    "gender": "Other",
    "medicalCondition": "Morbus",
    "lastVisit": "2024-01-15",
}
CANARIES = 20


@pytest.fixture(autouse=True)
def canaries(table: Table) -> Iterator[None]:
    """Patients that no test here addresses: they must be the same at its end."""
    for number in range(CANARIES):
        row = (f"c{number}", f"C{number}", f"Secretia {number}", 30 + number)
        table.execute("INSERT INTO patients VALUES (DEFAULT, %s, %s, %s, %s, 'Female', 'Morbus', '2024-01-15')", row)
    before = _canaries(table)
    yield
    assert len(before) == CANARIES
    assert _canaries(table) == before


def _canaries(table: Table) -> list[Any]:
    return table.execute("SELECT * FROM patients WHERE id ~ '^c[0-9]+$' ORDER BY position").fetchall()


# --- fields


def lawful(field: str, value: Any) -> bool:
    """The rules as they are promised, written down a second time."""
    return _RULES[field](value)


def _text(limit: int) -> Callable[[Any], bool]:
    return lambda value: _characters(value) and len(value) <= limit and value.strip(BLANKS) != ""


def _characters(value: Any) -> bool:
    return isinstance(value, str) and not re.search("[\0\ud800-\udfff]", value)


def _whole(value: Any, least: int, most: int) -> bool:
    return type(value) in (int, float) and value == int(value) and least <= value <= most


def _day(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        return bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


def _age(value: Any) -> bool:
    text = isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,9}", value)
    return _whole(int(value) if text else value, 1, 2**31 - 1)


def _empty(value: Any) -> bool:
    return value is None or value is False or value == "" or (type(value) in (int, float) and value == 0)


def _id(value: Any) -> bool:
    safe = 2**53 - 1
    return _empty(value) or _whole(value, -safe, safe) or (_characters(value) and 1 <= len(value) <= 255)


_RULES: dict[str, Callable[[Any], bool]] = {
    "patientID": _text(50),
    "name": _text(255),
    "age": _age,
    "gender": lambda value: value in ("Male", "Female", "Other"),
    "medicalCondition": _text(255),
    "lastVisit": _day,
    "id": _id,
}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_every_value_in_every_field(client: Client, table: Table, method: str) -> None:
    statuses: Counter[int] = Counter()
    client.ask("POST", "/patients", WHOLE | {"id": "target", "patientID": "target"})
    for field in _RULES:
        for number, value in enumerate(hostile.VALUES):
            if field == "id" and method != "POST":  # the address names the patient; the body's id is not read
                continue
            record = WHOLE | {"id": f"{field}{number}", "patientID": f"{field}{number}"} | {field: value}
            sent = {field: value} if method == "PATCH" else record
            path = "/patients" if method == "POST" else "/patients/target"
            answer = client.ask(method, path, hostile.as_json(sent).encode())
            statuses[answer.status] += 1
            case = (method, field, value)
            if lawful(field, value):
                assert (case, answer.status) == (case, 201 if method == "POST" else 200), answer.body
                assert _kept(field, value, answer.json()[field]), case
            else:
                assert (case, answer.status) == (case, 400), answer.body
                assert answer.problem(), case
                assert set(answer.json()["errors"]) == {field}, case
            if method == "POST" and answer.status == 201:
                address = f"/patients/{quote(answer.json()['id'], safe='')}"
                assert client.ask("GET", address).body == answer.body, case
                assert client.ask("DELETE", address).status == 200, case
    print(method, dict(statuses))


def _kept(field: str, sent: Any, stored: Any) -> bool:
    if field == "id":
        return isinstance(stored, str) and (
            _empty(sent) or stored == (sent if isinstance(sent, str) else str(int(sent)))
        )
    return bool(stored == (int(sent) if field == "age" else sent) and type(stored) is (int if field == "age" else str))


def test_every_value_in_an_undeclared_field(client: Client) -> None:
    client.ask("POST", "/patients", WHOLE | {"id": "target", "patientID": "target"})
    for value in hostile.VALUES:
        answer = client.ask("PATCH", "/patients/target", hostile.as_json({"note": value}).encode())
        if isinstance(value, str) and not _characters(value):
            assert (value, answer.status) == (value, 400)
            assert set(answer.json()["errors"]) == {"note"}
        else:
            assert (value, answer.status) == (value, 200)
            # PostgreSQL keeps a number's value, not its spelling: 1e308 comes back with all its digits
            stored = json.loads(answer.body, parse_int=float)["note"]
            assert stored == json.loads(json.dumps(value), parse_int=float), value


# --- bodies


def test_a_body_that_is_no_record_is_refused(client: Client) -> None:
    addresses = [("POST", "/patients"), ("PUT", "/patients/c1"), ("PATCH", "/patients/c1")]
    for case, body in hostile.BODIES.items():
        for method, path in [one for one in addresses if (one[0], case) not in _LAWFUL]:
            answer = client.ask(method, path, body)
            assert (case, method, answer.status) == (case, method, 400), answer.body[:500]
            assert answer.problem(), case
            assert len(answer.body) < 20_000, case


_LAWFUL = {("PATCH", "no field"), ("PATCH", "a field of another name"), ("POST", "a list")}


def test_a_body_of_another_type_is_refused(client: Client) -> None:
    headers = [{"Content-Type": media_type} for media_type in hostile.MEDIA_TYPES]
    headers += [{"Content-Encoding": coding} for coding in ("gzip", "br", "deflate", "zstd", "identity, gzip", "x")]
    for sent in headers:
        for method, path in [("POST", "/patients"), ("PUT", "/patients/c1"), ("PATCH", "/patients/c1")]:
            answer = client.ask(method, path, hostile.body('"note":1'), sent)
            assert (sent, answer.status) == (sent, 415)
            assert answer.problem()
            assert "Content-" in answer.json()["detail"]


# --- lists


def test_every_value_of_every_parameter(client: Client) -> None:
    statuses: Counter[int] = Counter()
    for key in hostile.KEYS:
        for value in hostile.QUERY_VALUES:
            answer = client.ask("GET", f"/patients?{quote(key, safe='%[]().$:')}={quote(value, safe='%+()[]{}*$;:,')}")
            statuses[answer.status] += 1
            _list_or_refusal(answer, (key, value))
    print("queries", dict(statuses))


INJECTIONS = [value for value in hostile.QUERY_VALUES if re.search("SELECT|DROP|OR%20|%25", value)]


def test_sql_is_text(client: Client) -> None:
    for field in ("name", "id", "patientID", "gender", "medicalCondition", "name:contains", "age", "q"):
        for value in INJECTIONS:
            assert client.ask("GET", f"/patients?{field}={value}").json() == [], (field, value)


TOO_MUCH = [
    "&" * 10_000,
    "a=1&" * 4_000,
    "name=x&" * 4_000,
    "age_gte=1&" * 2_000,
    "_sort=" + "name," * 3_000 + "age",
    "id=" + "&id=".join(map(str, range(2_000))),
    "_where=" + "%5B" * 3_000,
    "_where=%7B%22or%22:" + "%5B%7B%22or%22:" * 500 + "1",
    "name_like=" + "(" * 1_000 + ")" * 1_000,
    "name_like=" + "(a*)*" * 1_000,
    "q=" + "%F0%9F%98%80" * 2_000,
]


def test_a_query_that_is_too_much_is_answered_or_refused(client: Client) -> None:
    for query in TOO_MUCH:
        answer = client.ask("GET", f"/patients?{query}")
        _list_or_refusal(answer, query[:40])
        assert answer.seconds < 5


def _list_or_refusal(answer: Answer, case: object) -> None:
    """Odd reads are answered; what is more than this server serves is refused and named."""
    assert (case, answer.status) in [(case, 200), (case, 400)], answer.body
    if answer.status == 200:
        content = answer.json()
        assert isinstance(content["data"] if isinstance(content, dict) else content, list), case
    else:
        assert answer.problem(), case


# --- addresses


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_every_odd_address(client: Client, method: str) -> None:
    statuses: Counter[int] = Counter()
    body = WHOLE | {"patientID": "odd"} if method == "PUT" else {"age": 7} if method == "PATCH" else None
    for segment in hostile.SEGMENTS:
        if segment in ("c1/", "c1//"):  # as json-server has it: the patient c1
            continue
        answer = client.ask(method, f"/patients/{quote(segment, safe='%/;,+*$(){}=.')}", body)
        statuses[answer.status] += 1
        # `.` and `..` lead nowhere else: a client that means them resolves them itself
        assert (segment, answer.status) in [(segment, status) for status in (400, 404, 405)], answer.body
        assert answer.problem(), segment
        assert "x-injected" not in answer.headers
    print(method, dict(statuses))


FILES = [
    "/.env", "/.git/config", "/db.json", "/app/main.py", "/static/../app/config.py", "/etc/passwd",
    "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/patients/../.env", "/admin", "/debug", "/metrics",
    "/server-status", "/actuator", "/phpinfo.php", "/__rules", "/patients.json", "/Patients", "/patient",
    "/health/../.env", "/openapi.yaml", "/redoc", "/console",
]  # fmt: skip


def test_there_is_nothing_else_to_find(client: Client) -> None:
    for path in FILES:
        answer = client.ask("GET", path)
        assert (path, answer.status) == (path, 404)
        assert answer.problem()


METHODS = [
    "TRACE", "CONNECT", "PROPFIND", "COPY", "MOVE", "LOCK", "MKCOL", "PURGE", "LINK", "SEARCH", "QUERY", "FOO", "get",
]  # fmt: skip


def test_another_method_is_refused(client: Client) -> None:
    for method, path in product(METHODS, ["/patients", "/patients/c1", "/health"]):
        answer = client.ask(method, path)
        assert (method, answer.status) in [(method, 400), (method, 405)]
        assert answer.problem()


def test_a_header_does_not_change_the_method(client: Client) -> None:
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        assert client.ask("GET", "/patients/c1", None, {name: "DELETE"}).status == 200
        assert client.ask("POST", "/patients/c1", b"{}", {name: "DELETE"}).status == 405
    assert client.ask("GET", "/patients/c1?_method=DELETE").status == 200


# --- chance


def test_chance_finds_nothing(client: Client) -> None:
    chance, statuses = random.Random(20241121), Counter[int]()
    for _ in range(amount(300, 20_000)):
        method = chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE"])
        path = chance.choice(["/patients", "/patients/", "/patients/x", "/patients?", "/patients?name=", "/"])
        path += quote(bytes(chance.randrange(256) for _ in range(chance.randrange(40))), safe="&=%")
        sent = None if method in ("GET", "DELETE") else _spoilt(chance)
        answer = client.ask(method, path, sent)
        statuses[answer.status] += 1
        assert answer.status in (200, 201, 400, 404, 405), (method, path, sent, answer)
        assert answer.status < 400 or answer.problem()
    print("at random", dict(statuses))


def _spoilt(chance: random.Random) -> bytes:
    """A record with a few bytes changed, cut out or doubled."""
    text = bytearray(hostile.body(f'"note":{chance.random()}').replace(b"B1", b"B%d" % chance.randrange(10**9)))
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(text))
        text[place : place + chance.randrange(3)] = bytes(chance.randrange(256) for _ in range(chance.randrange(3)))
    return bytes(text)
