"""Records of collections that know one another by their keys, and the requests that follow them.

Keys are numbers and texts, and ids that nobody has. Ids are texts in all but `patients` and `people`, where they are
numbers if `numbers` says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from tests.contract.answers import Version

Database = Mapping[str, Sequence[Mapping[str, Any]]]


def records(*, numbers: bool) -> Database:
    """db.json's. A number that is an id is a text where ids are texts."""
    one: Any = int if numbers else str
    keys: list[dict[str, Any]] = [
        {"patientId": 1, "doctorId": "d1"},
        {"patientId": "1", "doctorId": 2},
        {"patientId": "2", "doctorId": "2"},
        {"patientId": 7.0, "doctorId": "007"},
        {"patientId": 99, "doctorId": 7},
        {"patientId": "x", "doctorId": True},
    ]
    return {
        "doctors": [{"id": id, "name": name} for id, name in (("d1", "Osa"), ("2", "Ife"), ("007", "Bo"))],
        "patients": [
            {"id": one(number), "name": name, "doctorId": doctor}
            for number, name, doctor in (
                (1, "Ada", "d1"),
                (2, "Zoë", "2"),
                (3, "ben", "d1"),
                (7, "Ana", "nobody"),
                (12, "Eli", "007"),
            )
        ],
        "visits": [
            {"id": f"v{number}", "name": name, "patientId": patient, "doctorId": doctor}
            for number, (name, patient, doctor) in enumerate(
                [("b", 1, "d1"), ("a", 2, "2"), ("c", 1, "007"), ("a", 99, "d1"), ("é", 12, "d9"), ("B", 1, "2")]
            )
        ],
        "sessions": [{"id": f"s{n}", "name": f"of {n % 2}", **own} for n, own in enumerate(keys)],
        "people": [{"id": one(number), "name": name} for number, name in ((1, "Kim"), (2, "Lou"))],
        "children": [
            {"id": str(number), "name": f"child {number}", "personId": person}
            for number, person in enumerate([1, "1", 2, 1, "2"])
        ],
    }


# Records of which keys are null or absent: 0.17 answers 500 when a parent is asked for, and to every DELETE.
GAPS: Database = {
    "sessions": [{"id": "n1", "name": "null", "patientId": None}, {"id": "n2", "name": "absent"}],
    "visits": [{"id": "n1", "name": "null", "patientId": None, "doctorId": None}, {"id": "n2", "name": "absent"}],
}


def whole(*, numbers: bool) -> Database:
    """The same without keys that are nobody's ids: 0.17 deletes such records on the next DELETE of any other."""
    nobody = {"v3", "v4", "s3", "s4", "s5", "7"}
    every = records(numbers=numbers)
    return {path: [one for one in listed if str(one["id"]) not in nobody] for path, listed in every.items()}


_BETAS: tuple[Version, ...] = ("1.0.0-beta.3", "1.0.0-beta.15")
_OF_BOTH = (
    "_embed=visits", "_embed=patient", "_embed=doctor&_embed=patient", "_embed=doctor&_embed=visits&_embed=sessions",
    "_embed=person", "_embed=children", "_embed=nothing", "_embed=medicine", "_embed=visits,doctor", "_embed=",
)  # fmt: skip
_RELATED: Mapping[Version, Sequence[str]] = {
    "0.17.4": (
        "_embed=visits", "_embed=sessions&_embed=visits", "_embed=children", "_embed=patients&_embed=sessions",
        "_embed=nothing", "_embed=doctor", "_embed=", "_embed=visits,sessions", "_expand=patient",
        "_expand=doctor&_expand=patient", "_expand=person", "_expand=nothing", "_expand=",
        "_embed=visits&_expand=doctor",
    ),
    "1.0.0-beta.3": _OF_BOTH,
    "1.0.0-beta.15": _OF_BOTH,
}  # fmt: skip
_LISTS: Mapping[Version, Sequence[str]] = {
    "0.17.4": (
        "",
        "_page=2&_limit=2",
        "_start=1&_end=3",
        "_sort=name&_order=desc",
        "q=a",
        "doctorId=d1",
    ),
    "1.0.0-beta.3": ("", "_page=1&_per_page=2", "_page=2&_per_page=2", "_sort=name", "_sort=-name", "name=Ada"),
    "1.0.0-beta.15": ("", "_page=1&_per_page=2", "_page=9&_per_page=2", "_sort=-name", "name:contains=a", "name=Ada"),
}
_IDS = ("d1", "2", "1", "nobody")


OF_SUFFIX = ("/sessions?_expand=doctor", "/doctors?_embed=sessions", "/doctors/2/sessions", "/doctors/d1?_embed=visits")
OF_GAPS = [f"/{path}{query}" for path in ("visits", "sessions") for query in ("?_expand=patient", "/n1?_expand=doctor")]


def targets(version: Version) -> Iterator[str]:
    """Every relation in every list, of one record, and every nested list."""
    paths = list(records(numbers=True))
    related = _RELATED[version]
    for path, relation, query in product(paths, related, _LISTS[version]):
        yield f"/{path}?{'&'.join(filter(None, (relation, query)))}"
    yield from (f"/{path}/{id}?{relation}" for path, id, relation in product(paths, _IDS, related))
    if version == "0.17.4":
        for parent, id, child, query in product(paths, _IDS, paths, _LISTS[version]):
            if parent != child:
                yield f"/{parent}/{id}/{child}?{query}"
        yield from (f"/patients/1/visits?{relation}" for relation in related)
        yield from ("/patients/1/visits?patientId=2&_sort=name", "/patients?_embed[]=visits&_embed[]=nothing")
    else:
        yield from ("/visits?_embed=doctor&_sort=doctor.name", "/visits?_embed=doctor&doctor.name=Osa")


Request = tuple[str, str, Any]


class Writes(NamedTuple):
    """Requests one after the other; what is there then is compared each time."""

    version: Version
    requests: Sequence[Request]

    def __str__(self) -> str:
        return " ".join([self.version, *(f"{method} {target}" for method, target, _ in self.requests)])


WRITES = (
    Writes(
        "0.17.4",
        [
            ("POST", "/doctors/d1/sessions", {"id": "n1", "name": "new"}),
            ("POST", "/doctors/nobody/sessions", {"id": "n2", "doctorId": "d1"}),
            ("POST", "/patients/1/sessions", {"id": "n3"}),
            ("POST", "/patients/1/visits", {"id": "n4", "patientId": 2, "doctorId": "2"}),
            ("POST", "/people/1/children", {"id": "n5"}),
        ],
    ),
    Writes(
        "0.17.4",
        [("DELETE", "/patients/1", None), ("DELETE", "/patients/nobody", None), ("DELETE", "/people/1", None)],
    ),
    Writes("0.17.4", [("DELETE", "/doctors/d1", None), ("DELETE", "/people/2", None)]),
    *(
        Writes(version, requests)
        for version in _BETAS
        for requests in (
            [("DELETE", "/patients/1", None), ("DELETE", "/people/1", None), ("DELETE", "/patients/nobody", None)],
            [("DELETE", "/doctors/2?_dependent=visits&_dependent=nothing", None)],
            [("DELETE", "/doctors/2", None), ("DELETE", "/doctors/d1?_dependent=visits", None)],
        )
    ),
)
