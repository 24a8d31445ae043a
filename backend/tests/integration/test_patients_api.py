"""/patients through every layer, on a real PostgreSQL."""

import asyncio
import gzip
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx2
import psycopg
import pytest

Make = Callable[..., dict[str, Any]]
Table = psycopg.Connection[Any]


async def post(client: httpx2.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    response = await client.post("/patients", json=body)
    assert response.status_code == 201, response.text
    row: dict[str, Any] = response.json()
    return row


def stored(table: Table) -> list[Any]:
    return table.execute("SELECT id, patient_id, name, age, extra FROM patients ORDER BY position").fetchall()


async def test_an_empty_list_is_a_bare_array(client: httpx2.AsyncClient) -> None:
    response = await client.get("/patients")
    assert (response.status_code, response.text) == (200, "[]")
    assert response.headers["content-type"] == "application/json"


async def test_a_new_patient_is_stored_and_answered_whole(
    client: httpx2.AsyncClient, patient: Make, table: Table
) -> None:
    response = await client.post("/patients", json=patient())
    row = response.json()
    assert response.status_code == 201
    assert row == {"id": row["id"], **patient()}
    assert list(row) == ["id", *patient()]
    assert len(row["id"]) == 16
    assert response.headers["location"] == f"/patients/{row['id']}"
    assert [stored_row[0] for stored_row in stored(table)] == [row["id"]]


async def test_the_list_keeps_insertion_order_also_after_changes(client: httpx2.AsyncClient, patient: Make) -> None:
    rows = [await post(client, patient(n, id=key)) for n, key in enumerate(["z", "a", "m"])]
    await client.patch("/patients/a", json={"age": 99})
    await client.put("/patients/z", json=patient(0, name="Äöü"))
    listed = (await client.get("/patients")).json()
    assert [row["id"] for row in listed] == [row["id"] for row in rows]
    assert listed[1]["age"] == 99


@pytest.mark.parametrize(
    "key", ["1", "3e3a", "a/b c", "ü", "%", "a?b#c", "...", " ", "x" * 255, "日本", "a+b", "\n", "😀"]
)
async def test_an_own_id_is_kept_and_addressed_percent_encoded(
    client: httpx2.AsyncClient, patient: Make, key: str
) -> None:
    created = await client.post("/patients", json=patient(id=key))
    address = f"/patients/{quote(key, safe='')}"
    assert (created.status_code, created.headers["location"]) == (201, address)
    assert (await client.get(address)).json() == created.json()
    assert (await client.delete(address)).status_code == 200
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize(("sent", "kept"), [(7, "7"), (7.0, "7"), (-1, "-1"), (2**53 - 1, str(2**53 - 1))])
async def test_a_number_as_id_becomes_its_text(
    client: httpx2.AsyncClient, patient: Make, sent: object, kept: str
) -> None:
    assert (await post(client, patient(id=sent)))["id"] == kept


@pytest.mark.parametrize("key", [True, 1.5, 2**53, [], {}, "x" * 256, "a\0"])
async def test_an_id_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, patient: Make, table: Table, key: object
) -> None:
    response = await client.post("/patients", json=patient(id=key))
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["id"]
    assert stored(table) == []


async def test_a_null_id_means_make_one(client: httpx2.AsyncClient, patient: Make) -> None:
    assert len((await post(client, patient(id=None)))["id"]) == 16


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patientID", ...),
        ("patientID", None),
        ("patientID", 7),
        ("patientID", ""),
        ("patientID", " \u2003\ufeff"),
        ("patientID", "x" * 51),
        ("name", "x" * 256),
        ("name", "\t"),
        ("name", "a\0b"),
        ("age", ...),
        ("age", "4e1"),
        ("age", 45.5),
        ("age", True),
        ("age", 0),
        ("age", -1),
        ("age", 2**31),
        ("age", None),
        ("gender", "male"),
        ("gender", ["Male"]),
        ("medicalCondition", ""),
        ("medicalCondition", {}),
        ("lastVisit", "2024-2-3"),
        ("lastVisit", "20240115"),
        ("lastVisit", "2024-01-15T00:00:00"),
        ("lastVisit", 20240115),
        ("lastVisit", "2024-02-30"),
        ("lastVisit", "0000-01-01"),
        ("lastVisit", "２０２４-01-15"),
        ("note", "\0"),
        ("note", {"deep": ["\0"]}),
        ("note", {"\0": 1}),
    ],
)
async def test_a_broken_rule_is_named_and_changes_nothing(
    client: httpx2.AsyncClient, patient: Make, table: Table, field: str, value: object
) -> None:
    await post(client, patient(1, id="1"))
    before = stored(table)
    requests = [("POST", "/patients", 2), ("PUT", "/patients/1", 1)] + (
        [] if value is ... else [("PATCH", "/patients/1", 1)]
    )
    for method, address, number in requests:
        response = await client.request(method, address, json=patient(number, **{field: value}))
        problem = response.json()
        assert (response.status_code, list(problem["errors"])) == (400, [field]), method
        assert response.headers["content-type"] == "application/problem+json"
        assert problem["detail"] == problem["message"] == f"{field} {problem['errors'][field]}."
    assert stored(table) == before


async def test_every_broken_rule_of_a_body_is_named(client: httpx2.AsyncClient) -> None:
    response = await client.post("/patients", json={"age": "45 years", "name": " "})
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "patientID is required; name must not be blank; age must be a whole number from 1 to 2147483647; "
        "gender is required; medicalCondition is required; lastVisit is required.",
        "message": response.json()["detail"],
        "errors": {
            "patientID": "is required",
            "name": "must not be blank",
            "age": "must be a whole number from 1 to 2147483647",
            "gender": "is required",
            "medicalCondition": "is required",
            "lastVisit": "is required",
        },
    }


@pytest.mark.parametrize("age", ["45.0", "4.5e1", "45"])
async def test_json_has_one_number_type(client: httpx2.AsyncClient, patient: Make, age: str) -> None:
    body = json.dumps(patient(age=1)).replace('"age": 1', f'"age": {age}')
    response = await client.post("/patients", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["age"]) == (201, 45)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("45", 45), ("2147483647", 2147483647)])
async def test_a_form_s_text_of_exactly_a_number_is_the_number(
    client: httpx2.AsyncClient, table: Table, patient: Make, text: str, number: int
) -> None:
    for method, address, body in (
        ("POST", "/patients", patient(id="1", age=text)),
        ("PUT", "/patients/1", patient(age=text)),
        ("PATCH", "/patients/1", {"age": text}),
    ):
        response = await client.request(method, address, json=body)
        assert (response.is_success, response.json()["age"]) == (True, number)
    assert table.execute("SELECT age FROM patients").fetchall() == [(number,)]


# What String(number) never gives, and numbers that no age is.
NO_FORM_NUMBERS = (
    "", " ", " 45", "45 ", "45\n", "45 years", "4e1", "45.0", "45.", "045", "+45", "-0", "0x2d", "4_5", "1,000",
    "٤٥", "\uff14\uff15", "0", "-45", "45.5", "1e+21", "2147483648", "9" * 5000, "NaN", "Infinity", "true",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_FORM_NUMBERS)
async def test_any_other_text_is_no_number(client: httpx2.AsyncClient, table: Table, patient: Make, text: str) -> None:
    await post(client, patient(id="1", age=7))
    for method, address in (("POST", "/patients"), ("PUT", "/patients/1"), ("PATCH", "/patients/1")):
        response = await client.request(method, address, json=patient(1 if method != "POST" else 2, age=text))
        assert (response.status_code, list(response.json()["errors"])) == (400, ["age"])
    assert table.execute("SELECT age FROM patients").fetchall() == [(7,)]


@pytest.mark.parametrize("key", ["", False, None, 0, -0.0])
async def test_an_empty_id_is_none(client: httpx2.AsyncClient, patient: Make, key: object) -> None:
    row = await post(client, patient(id=key))
    assert re.fullmatch("[0-9a-f]{16}", row["id"])
    assert (await client.get(f"/patients/{row['id']}")).json() == row


async def test_text_is_stored_as_sent(client: httpx2.AsyncClient, patient: Make) -> None:
    name = "  Ω\u0301\u200d😀 \u0007 '; DROP TABLE patients; -- <script> %s {0} "
    row = await post(client, patient(name=name, patientID="😀" * 50, medicalCondition="ﬀ" * 255))
    assert (row["name"], len(row["patientID"])) == (name, 50)
    assert (await client.get(f"/patients/{row['id']}")).json() == row


async def test_a_patient_does_not_grow_without_bound(client: httpx2.AsyncClient, table: Table, patient: Make) -> None:
    await client.post("/patients", json=patient(id="1"))
    table.execute(b"UPDATE patients SET extra = jsonb_build_object('a', repeat('x', 4100000))")
    for body in ({"b": "y" * 100_000}, {"c": ["z"] * 19_000}):
        response = await client.patch("/patients/1", json=body)
        assert (response.status_code, "not declared" in response.json()["detail"]) == (400, True)
    assert (await client.patch("/patients/1", json={"a": 1})).json()["a"] == 1


async def test_undeclared_fields_are_kept_and_returned(client: httpx2.AsyncClient, patient: Make) -> None:
    extra = {"ward": "7B", "patient_id": "not ours", "n": 1.5, "deep": {"a": [1, None, True]}, "}": "}", "": ""}
    row = await post(client, patient(id="1", **extra))
    assert row == {**patient(id="1"), **extra}
    assert (await client.get("/patients")).json() == [row]


async def test_patch_changes_only_what_is_sent(client: httpx2.AsyncClient, patient: Make) -> None:
    row = await post(client, patient(id="1", ward="7B", note="x"))
    response = await client.patch("/patients/1", json={"id": "2", "age": 46, "note": None, "bed": 3})
    assert (response.status_code, response.json()) == (200, {**row, "age": 46, "note": None, "bed": 3})
    assert (await client.patch("/patients/1", json={})).json() == response.json()


async def test_put_replaces_the_whole_record_and_keeps_the_id(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(id="1", ward="7B"))
    response = await client.put("/patients/1", json=patient(5, id="9", bed=2))
    assert (response.status_code, response.json()) == (200, {**patient(5), "id": "1", "bed": 2})


async def test_delete_answers_once(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(id="1"))
    first, second = await client.delete("/patients/1"), await client.delete("/patients/1")
    assert (first.status_code, first.json(), second.status_code) == (200, {}, 404)


async def test_delete_answers_with_the_deleted_patient_in_1(client_of_1: httpx2.AsyncClient, patient: Make) -> None:
    row = await post(client_of_1, patient(id="1"))
    assert (await client_of_1.delete("/patients/1")).json() == row


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)])
@pytest.mark.parametrize("key", ["nope", "%00", "x" * 300])
async def test_an_unknown_id_is_404(
    client: httpx2.AsyncClient, patient: Make, method: str, body: dict[str, Any] | None, key: str
) -> None:
    sent = patient() if method == "PUT" else body
    response = await client.request(method, f"/patients/{key}", json=sent)
    assert (response.status_code, response.json()["detail"]) == (404, "There is no patient with this id.")


async def test_an_undecodable_address_is_400(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/patients/%E0%A4%A")).status_code == 400


@pytest.mark.parametrize(("field", "change"), [("patientID", {"patientID": "P001"}), ("id", {"id": "1"})])
async def test_a_taken_value_is_409_and_named(
    client: httpx2.AsyncClient, patient: Make, table: Table, field: str, change: dict[str, Any]
) -> None:
    await post(client, patient(1, id="1"))
    response = await client.post("/patients", json=patient(2, **change))
    assert (response.status_code, response.json()["errors"]) == (409, {field: "is already used by another patient"})
    assert len(stored(table)) == 1


async def test_a_rename_onto_a_taken_patient_id_is_409(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(1, id="1"))
    await post(client, patient(2, id="2"))
    for response in [
        await client.patch("/patients/2", json={"patientID": "P001"}),
        await client.put("/patients/2", json=patient(1)),
    ]:
        assert (response.status_code, list(response.json()["errors"])) == (409, ["patientID"])


async def test_patient_ids_that_differ_in_case_are_different(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(patientID="abc"))
    await post(client, patient(patientID="ABC"))
    assert len((await client.get("/patients")).json()) == 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "The body is empty"),
        (b"  ", "The body is empty"),
        (b"{", "line 1 column 2"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"age":NaN}', "NaN"),
        (b'{"age":1e400}', "number"),
        (b'{"age":' + b"9" * 400 + b"}", "number"),
        (b"[]", "JSON object"),
        (b'"x"', "JSON object"),
        (b"null", "JSON object"),
        (b"\xff", "UTF-8"),
        (b'{"x":' + b"[" * 200 + b"]" * 200 + b"}", "deep"),
        (b"[" * 30_000, "deep"),
        (b"[" * 100_000, "more than 20000 values"),
        (b'{"x":[' + b"{}," * 20_000 + b"{}]}", "more than 20000 values"),
    ],
)
@pytest.mark.parametrize(
    ("method", "address"), [("POST", "/patients"), ("PUT", "/patients/1"), ("PATCH", "/patients/1")]
)
async def test_a_body_that_is_no_json_object_is_400(
    client: httpx2.AsyncClient, method: str, address: str, body: bytes, says: str
) -> None:
    response = await client.request(method, address, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert says in response.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin1"},
        {"content-type": "application/merge-patch+json; charset=latin1"},
        {"content-type": "application/+json"},
        {"content-type": "text/x+json"},
        {"content-type": "application/x+json, text/plain"},
    ],
)
async def test_another_media_type_is_415_that_says_what_to_send(
    client: httpx2.AsyncClient, patient: Make, headers: dict[str, str]
) -> None:
    response = await client.post("/patients", content=json.dumps(patient()), headers=headers)
    assert response.status_code == 415
    assert "application/json" in response.json()["detail"]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf8"',
        "application/merge-patch+json",
        "application/vnd.api+json; charset=utf-8",
        "application/ld+json; profile=x",
    ],
)
async def test_every_type_of_json_is_json(client: httpx2.AsyncClient, patient: Make, media_type: str) -> None:
    await post(client, patient(id="1"))
    for method, address, body in (("POST", "/patients", patient(2)), ("PATCH", "/patients/1", {"age": 9})):
        answer = await client.request(method, address, content=json.dumps(body), headers={"content-type": media_type})
        assert answer.is_success, media_type


async def test_a_compressed_body_is_415_that_says_so(client: httpx2.AsyncClient, patient: Make) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    response = await client.post("/patients", content=gzip.compress(json.dumps(patient()).encode()), headers=headers)
    assert (response.status_code, "without Content-Encoding" in response.json()["detail"]) == (415, True)


async def test_a_byte_order_mark_is_ignored(client: httpx2.AsyncClient, patient: Make) -> None:
    content = b"\xef\xbb\xbf" + json.dumps(patient()).encode()
    response = await client.post("/patients", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 201


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_in_utf_8_is_taken(client: httpx2.AsyncClient, patient: Make, media_type: str) -> None:
    response = await client.post("/patients", content=json.dumps(patient()), headers={"content-type": media_type})
    assert response.status_code == 201


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_413(client: httpx2.AsyncClient, patient: Make, declared: bool) -> None:
    body = json.dumps(patient(note="x" * (1 << 20))).encode()

    async def chunks() -> Any:
        yield body

    headers = {"content-type": "application/json"}
    response = await client.post("/patients", content=body if declared else chunks(), headers=headers)
    assert response.status_code == 413
    assert "1048576 bytes" in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "address", "allow"),
    [
        ("PUT", "/patients", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/patients/", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/patients/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_405_with_every_right_one(
    client: httpx2.AsyncClient, method: str, address: str, allow: str
) -> None:
    response = await client.request(method, address)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    options = await client.options(address)
    assert (options.status_code, options.headers["allow"], options.content) == (204, allow, b"")


@pytest.mark.parametrize("address", ["/nope", "/patients/1/other", "/Patients", "/patients/1/patients"])
async def test_an_unknown_address_is_404(client: httpx2.AsyncClient, address: str) -> None:
    response = await client.get(address)
    assert (response.status_code, response.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize("address", ["/patients/", "//patients", "//patients//"])
async def test_needless_slashes_are_answered_directly(client: httpx2.AsyncClient, patient: Make, address: str) -> None:
    created = await client.post(f"http://test{address}", json=patient(id="1"))
    assert (created.status_code, created.headers["location"]) == (201, "/patients/1")
    assert len((await client.get(f"http://test{address}")).json()) == 1


@pytest.mark.parametrize("address", ["/patients", "/patients/1", "/patients/nope", "/health", "/openapi.json", "/docs"])
async def test_head_is_get_without_a_body(client: httpx2.AsyncClient, patient: Make, address: str) -> None:
    await post(client, patient(id="1"))
    got, head = await client.get(address), await client.head(address)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert len((await client.get("/patients")).json()) == 1


async def test_an_item_has_a_strong_etag_that_saves_its_bytes(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(id="1"))
    tag = (await client.get("/patients/1")).headers["etag"]
    for known in [tag, f"W/{tag}", f'"other", {tag}', "*"]:
        response = await client.get("/patients/1", headers={"if-none-match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)
    patched = await client.patch("/patients/1", json={"age": 1})
    assert patched.headers["etag"] != tag
    assert (await client.get("/patients/1", headers={"if-none-match": tag})).headers["etag"] == patched.headers["etag"]


async def test_a_list_has_a_weak_etag(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(1))
    tag = (await client.get("/patients")).headers["etag"]
    assert tag.startswith('W/"')
    assert (await client.get("/patients", headers={"if-none-match": tag})).status_code == 304
    await post(client, patient(2))
    assert (await client.get("/patients", headers={"if-none-match": tag})).status_code == 200


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"age": 9}), ("PATCH", {}), ("PUT", ...), ("DELETE", None)])
async def test_if_match_lets_only_the_named_version_change(
    client: httpx2.AsyncClient, patient: Make, method: str, body: Any
) -> None:
    sent = patient(1, age=9) if body is ... else body
    created = await client.post("/patients", json=patient(id="1", ward="x"))
    stale = await client.request(method, "/patients/1", json=sent, headers={"if-match": '"stale"'})
    assert stale.status_code == 412
    assert (await client.get("/patients/1")).json() == created.json()
    weakened = f'"other", W/{created.headers["etag"]}'
    assert (await client.request(method, "/patients/1", json=sent, headers={"if-match": weakened})).status_code == 200
    unknown = await client.request(method, "/patients/nope", json=sent, headers={"if-match": "*"})
    assert unknown.status_code == 404
    gone = await client.request(method, "/patients/nope", json=sent, headers={"if-match": '"stale"'})
    assert gone.status_code == 404


async def test_large_answers_are_compressed_when_asked(client: httpx2.AsyncClient, patient: Make) -> None:
    for n in range(20):
        await post(client, patient(n))
    zipped = await client.get("/patients", headers={"accept-encoding": "gzip"})
    plain = await client.get("/patients", headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.json() == plain.json()


async def test_patches_of_different_fields_at_once_all_survive(client: httpx2.AsyncClient, patient: Make) -> None:
    await post(client, patient(id="1"))
    changes: list[dict[str, Any]] = [{"age": 50}, {"name": "N"}, {"gender": "Other"}, {"ward": 1}, {"bed": 2}]
    await asyncio.gather(*(client.patch("/patients/1", json=change) for change in changes))
    row = (await client.get("/patients/1")).json()
    assert row == {**patient(id="1"), **{name: value for change in changes for name, value in change.items()}}


async def test_one_patient_id_is_won_by_exactly_one_of_many(client: httpx2.AsyncClient, patient: Make) -> None:
    responses = await asyncio.gather(*(client.post("/patients", json=patient(1)) for _ in range(32)))
    assert sorted(response.status_code for response in responses) == [201] + [409] * 31


@pytest.mark.parametrize(
    "change",
    [
        "patient_id = ' '",
        "patient_id = repeat('x', 51)",
        "name = ''",
        "name = U&'\\2003\\FEFF'",
        "name = repeat('x', 256)",
        "age = 0",
        "gender = 'male'",
        "medical_condition = chr(9)",
        "last_visit = 'infinity'",
        "last_visit = '10000-01-01'",
        "last_visit = '0001-01-01 BC'",
        "id = ''",
        "id = repeat('x', 256)",
        "extra = '[]'",
    ],
)
async def test_the_database_holds_the_rules_for_everyone(
    client: httpx2.AsyncClient, patient: Make, table: Table, change: str
) -> None:
    await post(client, patient())
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        table.execute(f"UPDATE patients SET {change}".encode())
    assert caught.value.diag.constraint_name == f"patients_{change.split(' ', maxsplit=1)[0]}_check"


async def test_the_etag_in_python_and_the_one_in_sql_are_one_rule(client: httpx2.AsyncClient, patient: Make) -> None:
    row = await post(client, patient(id="1", name='"\\/ü\u2028', extra={"a": 1.50}))
    tag = (await client.get("/patients/1")).headers["etag"]
    response = await client.patch("/patients/1", json={"age": 2}, headers={"if-match": tag})
    assert response.json() == {**row, "age": 2}
