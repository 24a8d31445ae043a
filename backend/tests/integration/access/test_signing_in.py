"""Signing in with a password: as frontends made with json-server-auth do it, and as those who guess do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import Settings
from app.errors import TooManyTries
from app.people.failures import MOST, WITHIN, Failures, share
from app.people.passwords import hashed, matches
from tests.asked import serving
from tests.commands import Done, ran, typed
from tests.servers import Server

EMAIL, PASSWORD = "anna@clinic.example", "correct horse battery"
WRONG = "The email or the password is not right."
Table = psycopg.Connection[Any]


def account(dsn: str, email: str, role: str, password: str = PASSWORD) -> Done:
    return typed("user", email, role, "--name", "Anna", stdin=f"{password}\n", DATABASE_URL=dsn)


@pytest.fixture
async def people(asking: Settings, table: Table, database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A server at which Anna may sign in as a writer."""
    table.execute("DELETE FROM access_users")
    table.execute(
        "INSERT INTO access_users (email, name, role, password) VALUES (%s, 'Anna', 'writer', %s)",
        [EMAIL, hashed(PASSWORD)],
    )
    async with serving(asking) as http:
        yield http


async def sign_in(http: httpx2.AsyncClient, email: object = EMAIL, password: object = PASSWORD) -> httpx2.Response:
    return await http.post("/login", json={"email": email, "password": password})


async def known(http: httpx2.AsyncClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {(await sign_in(http)).json()['accessToken']}"}


@pytest.mark.parametrize("address", ["/login", "/signin"])
async def test_who_signs_in_may_what_their_role_says(people: httpx2.AsyncClient, address: str) -> None:
    answer = await people.post(address, json={"email": f" {EMAIL.upper()} ", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store, no-cache"
    token = answer.json().pop("accessToken")
    assert answer.json()["user"] == {"id": EMAIL, "email": EMAIL, "name": "Anna", "role": "writer"}
    headers = {"Authorization": f"Bearer {token}"}
    assert (await people.get("/patients", headers=headers)).status_code == 200
    assert (await people.delete("/patients/1", headers=headers)).status_code == 403
    assert (await people.get("/", headers=headers)).json()["actor"] == f"user:{EMAIL}"


async def test_the_table_has_neither_password_nor_token(people: httpx2.AsyncClient, table: Table) -> None:
    token = (await sign_in(people)).json()["accessToken"]
    assert token.startswith("pas_")
    kept = str(table.execute("SELECT * FROM access_users, access_sessions").fetchall())
    assert PASSWORD not in kept
    assert token not in kept


async def test_logging_out_ends_that_session_at_once(people: httpx2.AsyncClient) -> None:
    here, there = await known(people), await known(people)
    assert (await people.post("/logout", headers=here)).status_code == 200
    assert (await people.get("/patients", headers=here)).status_code == 401
    assert (await people.get("/patients", headers=there)).status_code == 200
    assert (await people.post("/logout")).status_code == 401


async def test_a_key_has_no_session_to_end(people: httpx2.AsyncClient, made: Mapping[str, tuple[str, str]]) -> None:
    headers = {"Authorization": f"Bearer {made['reader'][0]}"}
    assert (await people.post("/logout", headers=headers)).status_code == 200
    assert (await people.get("/patients", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("column", "before", "status"),
    [
        ("used", "14 minutes", 200),
        ("used", "15 minutes 1 second", 401),
        ("expires", "-1 minute", 200),
        ("expires", "1 second", 401),
    ],
)
async def test_a_session_is_over_when_it_was_idle_or_long(
    people: httpx2.AsyncClient, table: Table, column: str, before: str, status: int
) -> None:
    headers = await known(people)
    table.execute(f"UPDATE access_sessions SET {column} = now() - interval '{before}'".encode())
    assert [(await people.get("/patients", headers=headers)).status_code for _ in range(2)] == [status] * 2


async def test_use_keeps_a_session_up_and_twelve_hours_are_the_most(people: httpx2.AsyncClient, table: Table) -> None:
    headers = await known(people)
    table.execute("UPDATE access_sessions SET used = now() - interval '10 minutes'")
    await people.get("/patients", headers=headers)
    row = table.execute("SELECT now() - used < '5 s', expires - now() BETWEEN '11:59' AND '12:00' FROM access_sessions")
    assert row.fetchone() == (True, True)


async def test_who_is_removed_or_gets_another_role_is_signed_out(people: httpx2.AsyncClient, database_url: str) -> None:
    headers = await known(people)
    assert account(database_url, EMAIL, "reader").stdout == f"{EMAIL} may sign in as reader.\n"
    assert (await people.get("/patients", headers=headers)).status_code == 401
    headers = await known(people)
    assert (await people.post("/patients", headers=headers, json={})).status_code == 403
    assert account(database_url, EMAIL, "none").stdout == f"{EMAIL} may no longer sign in.\n"
    assert (await people.get("/patients", headers=headers)).status_code == 401
    assert (await sign_in(people)).status_code == 400


@pytest.mark.parametrize(
    "change", ["UPDATE access_users SET password = 'scrypt$14$8$5$AA==$AA=='", "DELETE FROM access_users"]
)
async def test_who_is_signing_in_meanwhile_does_not_slip_past(
    people: httpx2.AsyncClient, table: Table, change: str
) -> None:
    """Their passwords are hashed, two at a time, while the account is changed."""
    tries = [asyncio.create_task(sign_in(people)) for _ in range(MOST - 1)]
    await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
    with table.transaction():
        table.execute("DELETE FROM access_sessions")
        table.execute(change.encode())
    answers = [await one for one in tries]
    assert {answer.status_code for answer in answers} == {200, 400}
    assert {answer.json()["detail"] for answer in answers if answer.status_code == 400} == {WRONG}
    assert table.execute("SELECT count(*) FROM access_sessions").fetchone() == (0,)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong"),
        (EMAIL, PASSWORD.upper()),
        (EMAIL, "\ud800"),
        ("nobody@clinic.example", PASSWORD),
        ("no address", PASSWORD),
        ("a\0b@c", PASSWORD),
        ("\ud800@c", PASSWORD),
        ("' OR 1=1 --@c", "x" * 1100),
    ],
)
async def test_what_is_wrong_is_not_told_apart(people: httpx2.AsyncClient, email: str, password: str) -> None:
    body = f'{{"email": {_quoted(email)}, "password": {_quoted(password)}}}'
    answer = await people.post("/login", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"], "errors" in answer.json()) == (400, WRONG, False)


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"email": EMAIL}, 400),
        ({"email": EMAIL, "password": ""}, 400),
        ({"email": {"$ne": ""}, "password": PASSWORD}, 400),
        ([EMAIL, PASSWORD], 400),
        ({"email": EMAIL, "password": "x" * 9000}, 413),
    ],
    ids=str,
)
async def test_what_is_no_request_to_sign_in(people: httpx2.AsyncClient, body: object, status: int) -> None:
    answer = await people.post("/login", json=body)
    assert answer.status_code == status
    assert PASSWORD not in answer.text
    assert (await people.post("/login", data={"email": EMAIL, "password": PASSWORD})).status_code == 415


@pytest.mark.parametrize("address", ["/register", "/signup"])
async def test_nobody_makes_an_account_for_themselves(people: httpx2.AsyncClient, address: str) -> None:
    answer = await people.post(address, json={"email": "eve@evil.example", "password": PASSWORD})
    assert (answer.status_code, "ask whoever runs this server" in answer.json()["detail"]) == (403, True)


async def test_guesses_are_held_up_by_account_and_many_at_once_are_no_way_around(people: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(sign_in(people, password=f"guess {n}") for n in range(MOST + 5)))
    assert sorted(answer.status_code for answer in answers) == [400] * MOST + [429] * 5
    last = await sign_in(people)  # the right one, too
    assert last.status_code == 429
    assert 1 <= int(last.headers["retry-after"]) <= WITHIN
    assert last.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("workers", [1, 2, 3, 8, 64])
def test_workers_share_what_may_fail(workers: int) -> None:
    assert MOST <= workers * share(workers) < MOST + workers


def test_failures_are_of_an_account_and_of_an_address_and_over_in_a_minute() -> None:
    now = [0.0]
    failures = Failures(clock=lambda: now[0])
    for n in range(MOST):
        failures.note((f"account {n}", "address a"))
        now[0] += 1
    with pytest.raises(TooManyTries) as caught:
        failures.note(("account new", "address a"))
    assert caught.value.headers == {"Retry-After": str(WITHIN - MOST)}
    failures.note(("account 0", "address b"))
    now[0] = WITHIN + 0.5
    failures.note(("account new", "address a"))


def test_who_signs_in_often_is_not_held_up() -> None:
    failures = Failures()
    for _ in range(5 * MOST):
        failures.note(("account a", "address a"))()


def test_a_password_is_kept_with_its_costs_and_a_salt_of_its_own() -> None:
    kept = hashed(PASSWORD)
    assert kept.startswith("scrypt$14$8$5$")
    assert kept != hashed(PASSWORD)
    assert matches(PASSWORD, kept)
    assert not matches(PASSWORD + " ", kept)
    assert matches("pleaseletmein", _OF_RFC_7914)


# RFC 7914, 12: N = 16384, r = 8, p = 1, the first 32 bytes.
_OF_RFC_7914 = "scrypt$14$8$1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((EMAIL, "boss"), "a role is"),
        (("anna", "reader"), "an email address is"),
        (("a@b@c", "reader"), "an email address is"),
        ((EMAIL, "reader", "short"), "a password has 8 to 1,024 characters"),
        (("nobody@clinic.example", "none"), "nobody@clinic.example has no account"),
    ],
)
def test_an_account_that_cannot_be_made_is_told(database_url: str, arguments: tuple[str, ...], says: str) -> None:
    done = account(database_url, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"python -m app user: error: {says}" in done.stderr


def test_a_database_that_is_away_is_told() -> None:
    done = account("postgresql://u:hunter2@127.0.0.1:1/x", EMAIL, "reader")
    assert (done.returncode, done.stderr) == (2, "nothing listens at the address in DATABASE_URL\n")


async def test_with_access_open_signing_in_works_too(settings: Settings, people: httpx2.AsyncClient) -> None:
    async with serving(settings) as http:
        headers = await known(http)
        assert (await http.get("/patients", headers=headers)).status_code == 200
        assert (await http.post("/logout", headers=headers)).status_code == 200


def test_no_log_has_a_password_or_a_session(database_url: str, table: Table) -> None:
    made = ran("-m", "app", "user", EMAIL, "admin", stdin=f"{PASSWORD}\n", DATABASE_URL=database_url)
    assert (made.returncode, made.stdout) == (0, f"{EMAIL} may sign in as admin.\n")
    with Server.ours(database_url, ACCESS="keys", LOG_LEVEL="DEBUG") as server:
        right = httpx2.post(f"{server.url}/login", json={"email": EMAIL, "password": PASSWORD}).json()
        httpx2.post(f"{server.url}/login", json={"email": EMAIL, "password": "hunter22"})
        httpx2.get(f"{server.url}/patients", headers={"Authorization": f"Bearer {right['accessToken']}"})
    said = server.said
    assert f"user:{EMAIL}" in said
    assert not any(secret in said for secret in (PASSWORD, "hunter22", right["accessToken"]))
