"""Items, writes, odd bodies and addresses. Each case starts from `BASE`; `{0}` is the id of its first record."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.contract.records import PATIENTS

BASE = PATIENTS[:3]

NEW: dict[str, Any] = {
    "patientID": "N1",
    "name": "Nuño Ibáñez",
    "age": 30,
    "gender": "Other",
    "medicalCondition": "Healthy",
    "lastVisit": "2024-05-05",
}
LARGE = 100 * 1024  # bytes of a body, the least of the releases' limits
EMPTY_IDS = ("", False, 0, None)
ASTRAL = ("\U0001f600", "\ufb01nal", "Zed")
_WITHOUT_NAME = {key: value for key, value in NEW.items() if key != "name"}
_PLAIN = {"Content-Type": "text/plain"}


class Case(NamedTuple):
    """Sent to both; afterwards the whole list is compared, too."""

    method: str
    target: str
    body: Any = None
    headers: Mapping[str, str] | None = None

    @property
    def beyond_repair(self) -> bool:
        """0.17.4 stores an array as a record, and nothing but a restart rids it of that."""
        return isinstance(self.body, list)


CASES: tuple[Case, ...] = (
    Case("GET", "/patients"),
    Case("GET", "/patients/"),
    Case("GET", "//patients"),
    Case("GET", "/patients/{0}"),
    Case("GET", "/patients/{2}/"),
    Case("GET", "/patients/{0}?name=nobody"),
    Case("GET", "/patients/{0}0"),
    Case("GET", "/patients/0{0}"),
    Case("GET", "/patients/{0}%20"),
    Case("GET", "/patients/{0}/other"),
    Case("GET", "/patients/%00"),
    Case("GET", "/patients/%E0%A4%A"),
    Case("GET", "/patients/50%"),
    Case("PATCH", "/patients/%zz", {"age": 5}),
    Case("GET", "/nothing"),
    Case("GET", "/db"),
    Case("GET", "/__proto__"),
    Case("GET", "/PATIENTS"),
    Case("POST", "/patients/{0}/patients", NEW),
    Case("HEAD", "/patients"),
    Case("HEAD", "/patients/{0}"),
    Case("POST", "/patients", NEW),
    Case("POST", "/patients/", NEW),
    Case("POST", "/patients", NEW | {"ward": "West", "score": 1.5, "list": [1, {"a": None}], "empty": {}}),
    Case("POST", "/patients", NEW, {"Content-Type": "application/json; charset=utf-8"}),
    Case("POST", "/patients", NEW | {"id": "own-1"}),
    Case("POST", "/patients", NEW | {"id": PATIENTS[0]["id"]}),
    Case("POST", "/patients", NEW | {"patientID": PATIENTS[0]["patientID"]}),
    Case("POST", "/patients", NEW | {"age": "30"}),
    Case("POST", "/patients", NEW | {"age": "30 years"}),
    Case("POST", "/patients", NEW | {"age": -1}),
    Case("POST", "/patients", NEW | {"lastVisit": "2024-02-30"}),
    Case("POST", "/patients", _WITHOUT_NAME),
    Case("POST", "/patients", {}),
    Case("POST", "/patients", [NEW]),
    Case("POST", "/patients", b"{broken"),
    Case("POST", "/patients", b'"text"'),
    Case("POST", "/patients", json.dumps(NEW).encode(), _PLAIN),
    Case("POST", "/patients", json.dumps(NEW).encode(), {}),
    Case("POST", "/patients", NEW | {"note": "x" * LARGE}),
    Case("POST", "/patients", NEW | {"note": "x" * (2 << 20)}),
    Case("POST", "/patients/{0}", NEW),
    Case("PUT", "/patients", NEW),
    Case("PUT", "/patients/{1}", NEW),
    Case("PUT", "/patients/{1}/", NEW),
    Case("PUT", "/patients/{0}", NEW | {"extra": "kept"}),
    Case("PUT", "/patients/{1}", NEW | {"id": "another"}),
    Case("PUT", "/patients/{1}", NEW | {"id": PATIENTS[0]["id"]}),
    Case("PUT", "/patients/nobody", NEW),
    Case("PUT", "/patients/{1}", _WITHOUT_NAME),
    Case("PUT", "/patients/{1}", json.dumps(NEW).encode(), _PLAIN),
    Case("PATCH", "/patients", {"age": 5}),
    Case("PATCH", "/patients/{1}", {"age": 5}),
    Case("PATCH", "/patients/{1}", {"name": "Only", "ward": "new", "score": None}),
    Case("PATCH", "/patients/{0}", {"address": {"street": "replaced"}}),
    Case("PATCH", "/patients/{1}", {}),
    Case("PATCH", "/patients/{1}", {"id": "another", "age": 6}),
    Case("PATCH", "/patients/nobody", {"age": 5}),
    Case("PATCH", "/patients/{1}", {"age": "old"}),
    Case("PATCH", "/patients/{1}", {"age": "5"}),
    Case("PATCH", "/patients/{1}", b'{"age": 5}', {"Content-Type": "application/merge-patch+json"}),
    Case("PATCH", "/patients/{1}", b'{"age": 5}', {"Content-Type": "application/merge-patch+json; charset=utf-16"}),
    Case("PATCH", "/patients/{1}", {"name": ""}),
    Case("PATCH", "/patients/{1}", {"patientID": PATIENTS[0]["patientID"]}),
    Case("DELETE", "/patients/{1}"),
    Case("DELETE", "/patients/{1}/"),
    Case("DELETE", "/patients/{1}", {}),
    Case("DELETE", "/patients/{0}", None, {"Content-Type": "application/json"}),
    Case("DELETE", "/patients/nobody"),
    Case("DELETE", "/patients"),
)
