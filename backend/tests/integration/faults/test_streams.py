"""Server-sent events from real processes: who is told when, who is let go, and what an end costs."""

import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg

from app.limits import STREAMS
from tests.integration.faults.following import Stream, events
from tests.integration.faults.processes import Postgres, slow
from tests.integration.faults.wire import ask, connect
from tests.patients import patient
from tests.servers import Server, wait_until

Launch = Callable[..., Server]
Table = psycopg.Connection[Any]
NOW = "/changes?_since=now"


def post(server: Server, number: int, **changes: Any) -> None:
    whole = patient(number, id=str(number), name="Secretia", medicalCondition="Morbus", **changes)
    assert ask(server.port, "POST", "/patients", whole).status == 201


def next_change(stream: Stream, patience: float = 10) -> Any:
    """The next one with data, and when it came."""
    for event in stream.until(time.monotonic() + patience):
        if event.data:
            return json.loads(event.data)
    raise AssertionError("no change was told")


def test_changes_are_told_as_they_come(server: Server, table: Table) -> None:
    with events(server.port, NOW) as stream, events(server.port, f"{NOW}&id=2") as of_one:
        assert stream.response.getheader("content-type", "").startswith("text/event-stream")
        assert stream.response.getheader("x-accel-buffering") == "no"
        assert stream.response.getheader("content-encoding") is None
        post(server, 1)
        post(server, 2)
        assert [next_change(stream)["id"] for _ in range(2)] == ["1", "2"]
        assert next_change(of_one)["record"]["patientID"] == "P002"
    wait_until(lambda: "changes" not in open_queries(table), 5, "nobody asks any more")


def open_queries(table: Table) -> str:
    rows = table.execute("SELECT query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()")
    return " ".join(query for (query,) in rows)


def test_a_stream_goes_on_where_another_ended(server: Server) -> None:
    begin = ask(server.port, "GET", NOW).json()["next"]
    for number in range(1, 4):
        post(server, number)
    with events(server.port, f"/changes?_since={begin}") as stream:
        first = next(event for event in stream.until(time.monotonic() + 10) if event.data)
    with events(server.port, f"/changes?_since={begin}", {"Last-Event-ID": first.id}) as stream:
        assert [next_change(stream)["id"] for _ in range(2)] == ["2", "3"]


def test_a_stream_that_waits_knows_where_it_is(server: Server) -> None:
    """Else what comes while it is away would be lost."""
    with events(server.port, NOW) as stream:
        begin = next(stream.until(time.monotonic() + 10))
    post(server, 1)
    with events(server.port, NOW, {"Last-Event-ID": begin.id}) as stream:
        assert next_change(stream)["id"] == "1"


def test_who_cannot_go_on_is_told_to_begin_anew(server: Server) -> None:
    post(server, 1)
    with events(server.port, "/changes?_since=1.1.1") as stream:
        told = stream.until(time.monotonic() + 10)
        reset = next(event for event in told if event.data)
        assert (reset.name, json.loads(reset.data)) == ("reset", {"next": reset.id})
        post(server, 2)
        assert next_change(stream)["id"] == "2"
        assert ask(server.port, "GET", f"/changes?_since={reset.id}").json()["changes"][0]["id"] == "2"


def test_others_changes_are_told_soon(server: Server, launch: Launch, table: Table) -> None:
    """Those of another server and those by hand: within 1.2 s, and those of one's own at once."""
    other, took = launch(), dict[str, list[float]]()
    with events(server.port, NOW) as stream:
        for turn in range(5):
            for who, write in writers(server, other, table).items():
                time.sleep(0.1 * turn)
                write(str(turn) + who)
                begin = time.monotonic()
                next_change(stream)
                took.setdefault(who, []).append(time.monotonic() - begin)
    print({who: [f"{seconds * 1000:.0f} ms" for seconds in each] for who, each in took.items()})
    assert sorted(took["own"])[2] < 0.2
    assert max(*took["other"], *took["hand"]) < 1.2


def writers(server: Server, other: Server, table: Table) -> dict[str, Callable[[str], object]]:
    def through(one: Server) -> Callable[[str], object]:
        return lambda key: ask(one.port, "POST", "/patients", patient(id=key, patientID=key, name="Secretia"))

    row = "INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)"
    row += " VALUES (%s, %s, 'Secretia', 4, 'Other', 'Morbus', '2024-01-15')"
    return {"own": through(server), "other": through(other), "hand": lambda key: table.execute(row.encode(), [key] * 2)}


def test_nothing_is_asked_while_nobody_follows(launch: Launch, postgres: Postgres) -> None:
    server = launch()
    with events(server.port, NOW) as stream:
        post(server, 1)
        next_change(stream)
    post(server, 2)  # by which it is known that the one who followed has gone
    time.sleep(1)
    postgres.log_all(on=True)
    time.sleep(0.3)
    begun = len(postgres.logged())
    time.sleep(3)
    said = postgres.logged()[begun:]
    postgres.log_all(on=False)
    assert "changes" not in said


def test_a_killed_server_has_put_on_record_what_it_committed(launch: Launch, postgres: Postgres, table: Table) -> None:
    """Killed between the commit and the answer: whoever follows is told all the same, and once."""
    server, other = launch(), launch()
    with events(other.port, NOW) as stream, slow(table, "INSERT", 0.8):
        begin = next(stream.until(time.monotonic() + 10))
        sending = threading.Thread(
            target=ask, args=(server.port, "POST", "/patients", patient(7, id="7", name="Secretia"))
        )
        sending.start()
        wait_until(lambda: "INSERT INTO patients" in open_queries(table), 5, "it is written")
        server.stop(signal.SIGKILL)
        sending.join()
        assert next_change(stream)["id"] == "7"
        assert [event for event in stream.until(time.monotonic() + 1.5) if event.data] == []
    assert [one["id"] for one in ask(other.port, "GET", f"/changes?_since={begin.id}").json()["changes"]] == ["7"]
    assert table.execute("SELECT count(*) FROM patients WHERE id = '7'").fetchone() == (1,)


def test_a_stop_ends_every_stream_at_once(launch: Launch) -> None:
    server = launch()
    with ExitStack() as stack:
        streams = [stack.enter_context(events(server.port, NOW)) for _ in range(50)]
        waiting = threading.Thread(target=ask, args=(server.port, "GET", f"{NOW}&_wait=40"))
        waiting.start()
        begun = [next(stream.until(time.monotonic() + 10)) for stream in streams]
        assert len(begun) == 50
        begin = time.monotonic()
        assert server.stop() == 0
        print(f"stopped after {time.monotonic() - begin:.2f} s")
        assert time.monotonic() - begin < 3
        assert all(stream.response.read() is not None for stream in streams)  # ends as an answer does, not torn
        waiting.join()


def test_as_many_as_there_is_room_for(launch: Launch) -> None:
    server = launch(receive_timeout=60)
    with ExitStack() as stack:
        streams = [stack.enter_context(events(server.port, NOW)) for _ in range(STREAMS)]
        refused = ask(server.port, "GET", NOW, headers={"Accept": "text/event-stream"})
        assert (refused.status, refused.headers["retry-after"], refused.problem()) == (503, "5", True)
        assert ask(server.port, "GET", f"{NOW}&_wait=1").status == 503
        assert ask(server.port, "GET", NOW).status == 200
        begin = time.monotonic()
        post(server, 1)
        assert {next_change(stream)["id"] for stream in streams} == {"1"}
        print(f"{STREAMS} were told in {time.monotonic() - begin:.2f} s, {server.rss():.0f} MiB")
        streams[0].close()
        wait_until(lambda: joins(server), 10, "there is room again")


def joins(server: Server) -> bool:
    with events(server.port, NOW) as stream:
        return stream.response.status == 200


def test_a_reader_that_stands_still_is_let_go(launch: Launch, postgres: Postgres, table: Table) -> None:
    server = launch(receive_timeout=1, metrics=True)
    with connect(server.port) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.sendall(b"GET /changes?_since=now HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
        wait_until(lambda: followers(server) == 1, 5, "it follows")
        postgres.fill(30_000)
        wait_until(lambda: followers(server) == 0, 30, "it is let go")
    print(f"{server.rss():.0f} MiB")


def followers(server: Server) -> float:
    said = ask(server.port, "GET", "/metrics").body.decode()
    return float(next(line.split()[1] for line in said.splitlines() if line.startswith("changes_streams ")))


def test_a_client_that_has_gone_leaves_nothing_behind(launch: Launch) -> None:
    server = launch(metrics=True)
    for _ in range(20):
        with events(server.port, NOW) as stream:
            next(stream.until(time.monotonic() + 10))
    wait_until(lambda: followers(server) == 0, 10, "none of them follows any more")


def test_a_database_that_comes_back_goes_on_being_followed(server: Server, postgres: Postgres) -> None:
    with events(server.port, NOW) as stream:
        next(stream.until(time.monotonic() + 10))
        postgres.stop()
        time.sleep(1.5)
        postgres.start()
        wait_until(lambda: ask(server.port, "GET", "/health").status == 200, 10, "it is back")
        post(server, 1)
        assert next_change(stream)["id"] == "1"
