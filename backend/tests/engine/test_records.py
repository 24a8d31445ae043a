"""/pets through every layer, on a real PostgreSQL."""

import json
import re
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx2
import psycopg
import pytest

from tests.engine.pets import PETS, pet

Table = psycopg.Connection[Any]

JSON = {"Content-Type": "application/json"}


async def post(client: httpx2.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    response = await client.post("/pets", json=body)
    assert response.status_code == 201, response.text
    row: dict[str, Any] = response.json()
    return row


def stored(table: Table) -> list[Any]:
    return table.execute("SELECT id, tag_number, name, age, extra FROM pets ORDER BY position").fetchall()


async def test_an_empty_list_is_a_bare_array(client: httpx2.AsyncClient) -> None:
    response = await client.get("/pets")
    assert (response.status_code, response.text) == (200, "[]")
    assert response.headers["content-type"] == "application/json"


async def test_a_new_pet_is_stored_and_answered_whole(client: httpx2.AsyncClient, table: Table) -> None:
    response = await client.post("/pets", json=pet())
    row = response.json()
    assert response.status_code == 201
    assert row == {"id": row["id"], **pet()}
    assert list(row) == ["id", *pet()]
    assert len(row["id"]) == 16
    assert response.headers["location"] == f"/pets/{row['id']}"
    assert [stored_row[0] for stored_row in stored(table)] == [row["id"]]


async def test_the_list_keeps_insertion_order_also_after_changes(client: httpx2.AsyncClient) -> None:
    rows = [await post(client, pet(n, id=key)) for n, key in enumerate(["z", "a", "m"])]
    await client.patch("/pets/a", json={"age": 99})
    await client.put("/pets/z", json=pet(0, name="Äöü"))
    listed = (await client.get("/pets")).json()
    assert [row["id"] for row in listed] == [row["id"] for row in rows]
    assert listed[1]["age"] == 99


@pytest.mark.parametrize(
    "key", ["1", "3e3a", "a/b c", "ü", "%", "a?b#c", "...", " ", "x" * 255, "日本", "a+b", "\n", "😀"]
)
async def test_an_own_id_is_kept_and_addressed_percent_encoded(client: httpx2.AsyncClient, key: str) -> None:
    created = await client.post("/pets", json=pet(id=key))
    address = f"/pets/{quote(key, safe='')}"
    assert (created.status_code, created.headers["location"]) == (201, address)
    assert (await client.get(address)).json() == created.json()
    assert (await client.delete(address)).status_code == 200
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize(("sent", "kept"), [(7, "7"), (7.0, "7"), (-1, "-1"), (2**53 - 1, str(2**53 - 1))])
async def test_a_number_as_id_becomes_its_text(client: httpx2.AsyncClient, sent: object, kept: str) -> None:
    assert (await post(client, pet(id=sent)))["id"] == kept


@pytest.mark.parametrize("key", [True, 1.5, 2**53, [], {}, "x" * 256, "a\0"])
async def test_an_id_that_cannot_be_is_refused(client: httpx2.AsyncClient, table: Table, key: object) -> None:
    response = await client.post("/pets", json=pet(id=key))
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["id"]
    assert stored(table) == []


BROKEN: dict[str, list[Any]] = {
    "tagNumber": [..., None, 7, "", " \u2003\ufeff", "x" * 51],
    "name": ["x" * 256, "\t", "a\0b"],
    "age": [..., "4e1", 45.5, True, 0, -1, 2**31, None],
    "sex": ["male", ["Male"]],
    "mainFood": ["", {}],
    "lastSeen": ["2024-2-3", "20240115", "2024-01-15T00:00:00", 20240115, "2024-02-30", "0000-01-01", "２０２４-01-15"],
    "note": ["\0", {"deep": ["\0"]}, {"\0": 1}],
}


@pytest.mark.parametrize("field", BROKEN)
async def test_a_broken_rule_is_named_and_changes_nothing(client: httpx2.AsyncClient, table: Table, field: str) -> None:
    await post(client, pet(1, id="1"))
    before = stored(table)
    for value in BROKEN[field]:
        requests = [("POST", "/pets", 2), ("PUT", "/pets/1", 1)] + ([] if value is ... else [("PATCH", "/pets/1", 1)])
        for method, address, number in requests:
            response = await client.request(method, address, json=pet(number, **{field: value}))
            problem = response.json()
            assert (response.status_code, list(problem["errors"])) == (400, [field]), (method, value)
            assert response.headers["content-type"] == "application/problem+json"
            assert problem["detail"] == problem["message"] == f"{field} {problem['errors'][field]}."
    assert stored(table) == before


async def test_every_broken_rule_of_a_body_is_named(client: httpx2.AsyncClient) -> None:
    response = await client.post("/pets", json={"age": "45 years", "name": " "})
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "tagNumber is required; name must not be blank; age must be a whole number from 1 to 2147483647; "
        "sex is required; mainFood is required; lastSeen is required.",
        "message": response.json()["detail"],
        "errors": {
            "tagNumber": "is required",
            "name": "must not be blank",
            "age": "must be a whole number from 1 to 2147483647",
            "sex": "is required",
            "mainFood": "is required",
            "lastSeen": "is required",
        },
    }


@pytest.mark.parametrize("age", ["45.0", "4.5e1", "45"])
async def test_json_has_one_number_type(client: httpx2.AsyncClient, age: str) -> None:
    body = json.dumps(pet(age=1)).replace('"age": 1', f'"age": {age}')
    response = await client.post("/pets", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["age"]) == (201, 45)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("45", 45), ("2147483647", 2147483647)])
async def test_a_form_s_text_of_exactly_a_number_is_the_number(
    client: httpx2.AsyncClient, table: Table, text: str, number: int
) -> None:
    for method, address, body in (
        ("POST", "/pets", pet(id="1", age=text)),
        ("PUT", "/pets/1", pet(age=text)),
        ("PATCH", "/pets/1", {"age": text}),
    ):
        response = await client.request(method, address, json=body)
        assert (response.is_success, response.json()["age"]) == (True, number)
    assert table.execute("SELECT age FROM pets").fetchall() == [(number,)]


# What String(number) never gives, and numbers that no age is.
NO_FORM_NUMBERS = (
    "", " ", " 45", "45 ", "45\n", "45 years", "4e1", "45.0", "45.", "045", "+45", "-0", "0x2d", "4_5", "1,000",
    "٤٥", "\uff14\uff15", "0", "-45", "45.5", "1e+21", "2147483648", "9" * 5000, "NaN", "Infinity", "true",
)  # fmt: skip


async def test_any_other_text_is_no_number(client: httpx2.AsyncClient, table: Table) -> None:
    await post(client, pet(id="1", age=7))
    for text, (method, address) in product(
        NO_FORM_NUMBERS, [("POST", "/pets"), ("PUT", "/pets/1"), ("PATCH", "/pets/1")]
    ):
        response = await client.request(method, address, json=pet(1 if method != "POST" else 2, age=text))
        assert (response.status_code, list(response.json()["errors"])) == (400, ["age"]), text
    assert table.execute("SELECT age FROM pets").fetchall() == [(7,)]


@pytest.mark.parametrize("key", ["", False, None, 0, -0.0])
async def test_an_empty_id_is_none(client: httpx2.AsyncClient, key: object) -> None:
    row = await post(client, pet(id=key))
    assert re.fullmatch("[0-9a-f]{16}", row["id"])
    assert (await client.get(f"/pets/{row['id']}")).json() == row


async def test_text_is_stored_as_sent(client: httpx2.AsyncClient) -> None:
    name = "  Ω\u0301\u200d😀 \u0007 '; DROP TABLE pets; -- <script> %s {0} "
    row = await post(client, pet(name=name, tagNumber="😀" * 50, mainFood="ﬀ" * 255))
    assert (row["name"], len(row["tagNumber"])) == (name, 50)
    assert (await client.get(f"/pets/{row['id']}")).json() == row


async def test_a_pet_does_not_grow_without_bound(client: httpx2.AsyncClient, table: Table) -> None:
    await client.post("/pets", json=pet(id="1"))
    table.execute(b"UPDATE pets SET extra = jsonb_build_object('a', repeat('x', 4100000))")
    for body in ({"b": "y" * 100_000}, {"c": ["z"] * 19_000}):
        response = await client.patch("/pets/1", json=body)
        assert (response.status_code, "not declared" in response.json()["detail"]) == (400, True)
    assert (await client.patch("/pets/1", json={"a": 1})).json()["a"] == 1


async def test_undeclared_fields_are_kept_and_returned(client: httpx2.AsyncClient) -> None:
    extra: dict[str, Any] = {
        "ward": "7B",
        "tag_number": "not ours",
        "n": 1.5,
        "deep": {"a": [1, None, True]},
        "}": "}",
        "": "",
    }
    row = await post(client, pet(id="1", **extra))
    assert row == {**pet(id="1"), **extra}
    assert (await client.get("/pets")).json() == [row]


@pytest.mark.parametrize("character", ["n", "\0", "\ud800", "ñ"])
async def test_the_name_of_a_field_has_a_bound(client: httpx2.AsyncClient, character: str) -> None:
    """A page of records has all names of fields in it, and an answer that refuses one says it three times."""
    assert (await client.post("/pets", json=pet(id="1") | {"ñ" * 1_000: 1})).status_code == 201
    name, shown = character * 150_000, character.encode(errors="backslashreplace").decode().replace("\0", "\\x00")
    for method, address, body in (
        ("POST", "/pets", pet(id="2") | {name: 1, "x" * 1_001: 1}),
        ("POST", "/pets", [pet(id="2"), pet(id="3") | {name: 1}]),
        ("PUT", "/pets/1", pet() | {name: 1}),
        ("PATCH", "/pets/1", {name: {}}),
    ):
        answer = await client.request(method, address, content=json.dumps(body), headers=JSON)
        errors = answer.json()["errors"]
        told = next(iter(errors))
        assert (answer.status_code, told.removeprefix("[1].")) == (400, shown * 100 + "…")
        assert errors[told] == "must have a name of at most 1000 characters"
        assert len(answer.content) < 10_000
    assert [len(one) for one in (await client.get("/pets")).json()] == [len(PETS.fields) + 1]


async def test_names_within_a_value_are_part_of_it(client: httpx2.AsyncClient) -> None:
    deep = {"more": {"n" * 900_000: 1}}
    assert (await post(client, pet(id="1") | deep))["more"] == deep["more"]


async def test_patch_changes_only_what_is_sent(client: httpx2.AsyncClient) -> None:
    row = await post(client, pet(id="1", ward="7B", note="x"))
    response = await client.patch("/pets/1", json={"id": "2", "age": 46, "note": None, "bed": 3})
    assert (response.status_code, response.json()) == (200, {**row, "age": 46, "note": None, "bed": 3})
    assert (await client.patch("/pets/1", json={})).json() == response.json()


async def test_put_replaces_the_whole_record_and_keeps_the_id(client: httpx2.AsyncClient) -> None:
    await post(client, pet(id="1", ward="7B"))
    response = await client.put("/pets/1", json=pet(5, id="9", bed=2))
    assert (response.status_code, response.json()) == (200, {**pet(5), "id": "1", "bed": 2})


async def test_delete_answers_once(client: httpx2.AsyncClient) -> None:
    row = await post(client, pet(id="1"))
    first, second = await client.delete("/pets/1"), await client.delete("/pets/1")
    assert (first.status_code, first.json(), second.status_code) == (200, row, 404)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)])
@pytest.mark.parametrize("key", ["nope", "%00", "x" * 300])
async def test_an_unknown_id_is_404(
    client: httpx2.AsyncClient, method: str, body: dict[str, Any] | None, key: str
) -> None:
    sent = pet() if method == "PUT" else body
    response = await client.request(method, f"/pets/{key}", json=sent)
    assert (response.status_code, response.json()["detail"]) == (404, "There is no pet with this id.")


async def test_an_undecodable_address_is_400(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/pets/%E0%A4%A")).status_code == 400


@pytest.mark.parametrize(("field", "change"), [("tagNumber", {"tagNumber": "P001"}), ("id", {"id": "1"})])
async def test_a_taken_value_is_409_and_named(
    client: httpx2.AsyncClient, table: Table, field: str, change: dict[str, Any]
) -> None:
    await post(client, pet(1, id="1"))
    response = await client.post("/pets", json=pet(2, **change))
    assert (response.status_code, response.json()["errors"]) == (409, {field: "is already used by another pet"})
    assert len(stored(table)) == 1


async def test_a_rename_onto_a_taken_tag_number_is_409(client: httpx2.AsyncClient) -> None:
    await post(client, pet(1, id="1"))
    await post(client, pet(2, id="2"))
    for response in [
        await client.patch("/pets/2", json={"tagNumber": "P001"}),
        await client.put("/pets/2", json=pet(1)),
    ]:
        assert (response.status_code, list(response.json()["errors"])) == (409, ["tagNumber"])


async def test_tag_numbers_that_differ_in_case_are_different(client: httpx2.AsyncClient) -> None:
    await post(client, pet(tagNumber="abc"))
    await post(client, pet(tagNumber="ABC"))
    assert len((await client.get("/pets")).json()) == 2


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"", "is empty"), (b"  ", "is empty"), (b"{", "line 1 column 2"), (b'"x"', "JSON object"), (b"\xff", "UTF-8")],
)
@pytest.mark.parametrize(("method", "address"), [("POST", "/pets"), ("PUT", "/pets/1"), ("PATCH", "/pets/1")])
async def test_a_body_that_is_no_json_object_is_400(
    client: httpx2.AsyncClient, method: str, address: str, body: bytes, says: str
) -> None:
    response = await client.request(method, address, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert says in response.json()["detail"]


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
async def test_every_type_of_json_is_json(client: httpx2.AsyncClient, media_type: str) -> None:
    await post(client, pet(id="1"))
    for method, address, body in (("POST", "/pets", pet(2)), ("PATCH", "/pets/1", {"age": 9})):
        answer = await client.request(method, address, content=json.dumps(body), headers={"content-type": media_type})
        assert answer.is_success, media_type


async def test_a_byte_order_mark_is_ignored(client: httpx2.AsyncClient) -> None:
    content = b"\xef\xbb\xbf" + json.dumps(pet()).encode()
    response = await client.post("/pets", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("method", "address", "allow"),
    [
        ("PUT", "/pets", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/pets/", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/pets/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
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


@pytest.mark.parametrize("address", ["/nope", "/pets/1/other", "/Pets", "/pets/1/pets"])
async def test_an_unknown_address_is_404(client: httpx2.AsyncClient, address: str) -> None:
    response = await client.get(address)
    assert (response.status_code, response.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize("address", ["/pets/", "//pets", "//pets//"])
async def test_needless_slashes_are_answered_directly(client: httpx2.AsyncClient, address: str) -> None:
    created = await client.post(f"http://test{address}", json=pet(id="1"))
    assert (created.status_code, created.headers["location"]) == (201, "/pets/1")
    assert len((await client.get(f"http://test{address}")).json()) == 1


@pytest.mark.parametrize("address", ["/pets", "/pets/1", "/pets/nope", "/health", "/openapi.json", "/docs"])
async def test_head_is_get_without_a_body(client: httpx2.AsyncClient, address: str) -> None:
    await post(client, pet(id="1"))
    got, head = await client.get(address), await client.head(address)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert len((await client.get("/pets")).json()) == 1


async def test_an_item_has_a_strong_etag_that_saves_its_bytes(client: httpx2.AsyncClient) -> None:
    await post(client, pet(id="1"))
    tag = (await client.get("/pets/1")).headers["etag"]
    for known in [tag, f"W/{tag}", f'"other", {tag}', "*"]:
        response = await client.get("/pets/1", headers={"if-none-match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)
    patched = await client.patch("/pets/1", json={"age": 1})
    assert patched.headers["etag"] != tag
    assert (await client.get("/pets/1", headers={"if-none-match": tag})).headers["etag"] == patched.headers["etag"]


async def test_a_list_has_a_weak_etag(client: httpx2.AsyncClient) -> None:
    await post(client, pet(1))
    tag = (await client.get("/pets")).headers["etag"]
    assert tag.startswith('W/"')
    assert (await client.get("/pets", headers={"if-none-match": tag})).status_code == 304
    await post(client, pet(2))
    assert (await client.get("/pets", headers={"if-none-match": tag})).status_code == 200


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"age": 9}), ("PATCH", {}), ("PUT", ...), ("DELETE", None)])
async def test_if_match_lets_only_the_named_version_change(client: httpx2.AsyncClient, method: str, body: Any) -> None:
    sent = pet(1, age=9) if body is ... else body
    created = await client.post("/pets", json=pet(id="1", ward="x"))
    stale = await client.request(method, "/pets/1", json=sent, headers={"if-match": '"stale"'})
    assert stale.status_code == 412
    assert (await client.get("/pets/1")).json() == created.json()
    weakened = f'"other", W/{created.headers["etag"]}'
    assert (await client.request(method, "/pets/1", json=sent, headers={"if-match": weakened})).status_code == 200
    unknown = await client.request(method, "/pets/nope", json=sent, headers={"if-match": "*"})
    assert unknown.status_code == 404
    gone = await client.request(method, "/pets/nope", json=sent, headers={"if-match": '"stale"'})
    assert gone.status_code == 404


async def test_large_answers_are_compressed_when_asked(client: httpx2.AsyncClient) -> None:
    for n in range(20):
        await post(client, pet(n))
    zipped = await client.get("/pets", headers={"accept-encoding": "gzip"})
    plain = await client.get("/pets", headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.json() == plain.json()


@pytest.mark.parametrize(
    "change",
    [
        "tag_number = ' '",
        "tag_number = repeat('x', 51)",
        "name = ''",
        "name = U&'\\2003\\FEFF'",
        "name = repeat('x', 256)",
        "age = 0",
        "sex = 'male'",
        "main_food = chr(9)",
        "last_seen = 'infinity'",
        "last_seen = '10000-01-01'",
        "last_seen = '0001-01-01 BC'",
        "id = ''",
        "id = repeat('x', 256)",
        "extra = '[]'",
    ],
)
async def test_the_database_holds_the_rules_for_everyone(client: httpx2.AsyncClient, table: Table, change: str) -> None:
    await post(client, pet())
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        table.execute(f"UPDATE pets SET {change}".encode())
    assert caught.value.diag.constraint_name == f"pets_{change.split(' ', maxsplit=1)[0]}_check"


async def test_the_etag_in_python_and_the_one_in_sql_are_one_rule(client: httpx2.AsyncClient) -> None:
    row = await post(client, pet(id="1", name='"\\/ü\u2028', extra={"a": 1.50}))
    tag = (await client.get("/pets/1")).headers["etag"]
    response = await client.patch("/pets/1", json={"age": 2}, headers={"if-match": tag})
    assert response.json() == {**row, "age": 2}
