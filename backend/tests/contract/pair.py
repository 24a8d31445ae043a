"""A json-server and this server side by side, brought into the same state and sent the same requests.

Where one of them makes up an id the other knows the record under another; `ids` translates.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from app.cutover.comparing import shapes
from app.cutover.differences import Exchange
from app.resources import RESOURCES
from tests.contract.answers import Answer, Comparable, Version, comparable
from tests.contract.servers import Server

Record = dict[str, Any]
Ids = tuple[str, str]  # theirs, ours


class Pair:
    """Both hold `records` to begin with."""

    def __init__(self, version: Version, theirs: Server, ours: Server, records: Sequence[Record]) -> None:
        self.version = version
        self.theirs = theirs
        self.ours = ours
        self.ids: list[Ids] = [(record["id"], record["id"]) for record in records]
        self._holds: Sequence[Record] | None = records  # None: something else

    def reset(self, records: Sequence[Record]) -> None:
        """Both hold these records, in this order, and nothing else. Their ids are `self.ids`."""
        if self._holds == records:
            return
        for server in (self.theirs, self.ours):
            _empty(server)
        self.ids = []
        for record in records:
            created = [server.send("POST", "/patients", record) for server in (self.theirs, self.ours)]
            assert [answer.status for answer in created] == [201, 201]
            self._learn(*created)
        self._holds = records

    def forget(self) -> None:
        """Somebody else has written: the next `reset` begins anew."""
        self._holds = None

    def exchange(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Exchange:
        """Send the request to both. `{0}` in the target is the first record's id."""
        targets = [target.format(*side) for side in self._sides()]
        answers = [
            server.send(method, address, body, headers)
            for server, address in zip((self.theirs, self.ours), targets, strict=True)
        ]
        if method != "GET" and any(answer.status < 400 for answer in answers):
            self._holds = None
        if method == "POST" and all(answer.status == 201 and isinstance(answer.json, dict) for answer in answers):
            self._learn(*answers)
        theirs, ours = (comparable(self.version, answer) for answer in answers)
        media_type = ("application/json" if headers is None else headers.get("Content-Type", "")) if body else ""
        return Exchange(
            self.version, method, targets[1], body, self._translated(theirs), ours, media_type, shapes(RESOURCES)
        )

    def _learn(self, theirs: Answer, ours: Answer) -> None:
        self.ids.append((theirs.json["id"], ours.json["id"]))

    def _sides(self) -> tuple[list[str], list[str]]:
        return [theirs for theirs, _ in self.ids], [ours for _, ours in self.ids]

    def _translated(self, answer: Comparable) -> Comparable:
        ours = dict(self.ids)
        location = answer.location and "/".join(ours.get(part, part) for part in answer.location.split("/"))
        return answer._replace(body=_with_ids(answer.body, ours), location=location)


def _empty(server: Server) -> None:
    """As often as needed: json-server can hold two records of one id."""
    while records := server.send("GET", "/patients").json:
        statuses = {
            server.send("DELETE", f"/patients/{quote(str(record['id']), safe='')}").status for record in records
        }
        assert 200 in statuses


def _with_ids(body: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(body, list):
        return [_with_ids(item, ids) for item in body]
    if isinstance(body, dict) and "data" in body:
        return body | {"data": _with_ids(body["data"], ids)}
    known = isinstance(body, dict) and isinstance(body.get("id"), str)
    return body | {"id": ids.get(body["id"], body["id"])} if known else body
