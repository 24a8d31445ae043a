"""Tables of what nobody should send, and what a hurried frontend does send. Data only."""

import json
from typing import Any

from app.resource.javascript import BLANKS

# --- values of fields: any of them may come in any field

LONG = "x" * 2_000
TEXTS = [
    "", " ", "\t", BLANKS, "\u2003\ufeff", "\u200b", "x", "x" * 50, "x" * 51, "x" * 255, "x" * 256, LONG, "é" * 50,
    "é" * 51, "😀" * 50, "😀" * 51, "😀" * 255, "😀" * 256, "e\u0301" * 127, "👨‍👩‍👧‍👦", "\0", "a\0b", "\0\0", "\ud800",
    "a\udfffb", "\ud83d", "\udc00\ud800", "\x01", "\x1f", "\x7f", "\x85", "a\nb", "a\r\nb", "\u2028", "\ufeff",
    "\ufffe", "\uffff", "\U0010ffff", "日本語", "עברית", "العربية", "ไทย", "हिन्दी", "Ωμέγα", "Кириллица",
    "\u202eright to left", "Z̸a̷l̵g̶o̴", "' OR '1'='1", "'; DROP TABLE patients; --", '"; DELETE FROM patients; --',
    "1; SELECT pg_sleep(10)", "$$x$$", "\\'", "%s", "%(name)s", "%%", "{0}", "{name}", "${jndi:ldap://x}", ":name",
    "?", "\\", "\\\\", "\\u0000", "/*", "--", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;",
    "&amp;", "]]>", "../../etc/passwd", "file:///", "null", "undefined", "NaN", "true", "0", "-1", "1e400", "45",
    "[]", "{}", "__proto__", "constructor", "toString", "Male", "male", "MALE", "Male ", " Male", "Female", "Other",
    "other", "M", "2024-01-15", "2024-02-29", "2023-02-29", "2024-02-30", "2024-13-01", "2024-00-10", "2024-1-5",
    "2024/01/15", "15.01.2024", "20240115", "2024-W03-1", "2024-015", "2024-01-15T00:00:00Z", "2024-01-15 ",
    "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-2024-01-15", "+2024-01-15", "today", "infinity",
    "-infinity", "epoch", "now", "allballs", "２０２４-０１-１５", "2024-01-15\n", "1705276800",
]  # fmt: skip
NUMBERS = [
    0, -0.0, 1, -1, 2, 45, 45.0, 45.5, 1e2, 1.0000000001, 150, 2**31 - 1, 2**31, 2**31 - 0.5, 2**53 - 1, 2**53,
    2**63 - 1, 2**63, 2**64, -(2**31), -(2**53), 10**30, 10**308, 1e308, 5e-324, -1e308, 0.1, 1e-7,
]  # fmt: skip
OTHERS: list[Any] = [
    None, True, False, [], {}, [[]], [None], ["x"], [1, 2], {"a": 1}, {"$ne": None}, {"": ""}, [{"name": "x"}],
]  # fmt: skip
VALUES: list[Any] = [*TEXTS, *NUMBERS, *OTHERS]

# --- bodies that are no record

PERSON = (
    '"patientID":"B1","name":"Secretia","age":1,"gender":"Other","medicalCondition":"Morbus","lastVisit":"2024-01-15"'
)


def body(rest: str) -> bytes:
    """A record that would be taken but for what `rest` adds to it."""
    return f"{{{PERSON},{rest}}}".encode("utf-8", "surrogatepass")


def nested(opening: str, closing: str, levels: int) -> str:
    return opening * levels + closing * levels


BODIES = {
    "nothing": b"",
    "blanks": b" \r\n\t ",
    "a word": b"patient",
    "half an object": b"{",
    "half a record": body('"note":1')[:-1],
    "two records": body('"note":1') * 2,
    "a record and more": body('"note":1') + b"x",
    "a list": b"[" + body('"note":1') + b"]",
    "an empty list": b"[]",
    "null": b"null",
    "true": b"true",
    "a number": b"7",
    "a text": b'"x"',
    "single quotes": b"{'name':'Secretia'}",
    "no quotes": b"{name:1}",
    "a comma too many": body('"note":1,'),
    "a comment": body('"note":1/* */'),
    "a form": b"name=Secretia&age=1",
    "XML": b"<patient><name>Secretia</name></patient>",
    "NaN": body('"note":NaN'),
    "Infinity": body('"note":Infinity'),
    "-Infinity": body('"note":[{"a":-Infinity}]'),
    "1e400": body('"note":1e400'),
    "-1e400": body('"note":[-1e400]'),
    "5,000 digits": body('"note":' + "9" * 5_000),
    "a leading zero": body('"note":01'),
    "hexadecimal": body('"note":0x10'),
    "a bare point": body('"note":1.'),
    "plus": body('"note":+1'),
    "a raw line end in a text": body('"note":"a\nb"'),
    "a raw NUL": body('"note":"a\0b"'),
    "an escaped NUL": body('"note":"\\u0000"'),
    "an escaped NUL in a name": body('"a\\u0000b":1'),
    "a lone surrogate": body('"note":"\\ud800"'),
    "a lone surrogate in a name": body('"\\udfff":1'),
    "a lone surrogate deep inside": body('"note":{"a":[{"b":"\\ud83d"}]}'),
    "a bad escape": body('"note":"\\x41"'),
    "half an escape": body('"note":"\\u12"'),
    "a duplicate name": body('"age":2'),
    "a duplicate undeclared name": body('"note":1,"note":2'),
    "a duplicate deep inside": body('"note":{"a":1,"a":2}'),
    "a duplicate by escape": body('"\\u0061ge":2'),
    "not UTF-8": body('"note":"') + b'\xff"}',
    "Latin-1": b'{"name":"Zo\xeb"}',
    "an overlong slash": b'{"name":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name":"\xed\xa0\x80"}',
    "beyond Unicode": b'{"name":"\xf4\x90\x80\x80"}',
    "cut in a character": b'{"name":"\xf0\x9f',
    "UTF-16": body('"note":1').decode().encode("utf-16"),
    "UTF-16 without a mark": body('"note":1').decode().encode("utf-16-le"),
    "UTF-32": body('"note":1').decode().encode("utf-32"),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + body('"note":1'),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "101 lists deep": body(f'"note":{nested("[", "]", 101)}'),
    "101 objects deep": body('"note":' + '{"a":' * 101 + "1" + "}" * 101),
    "3,000 lists deep": body(f'"note":{nested("[", "]", 3_000)}'),
    "100,000 lists deep": body(f'"note":{nested("[", "]", 100_000)}'),
    "100,000 openings": b"[" * 100_000,
    "100,000 objects opened": b'{"a":' * 100_000,
    "50,000 wrong names": body(",".join(f'"\\u0000{n}":1' for n in range(50_000))),
    "no field": b"{}",
    "a field of another name": b'{"patient_id":"x"}',
}

MEDIA_TYPES = [
    "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/xml", "application/json; charset=utf-16", "application/json; charset=latin-1",
    "application/merge-patch+json; charset=utf-16", "application/+json", "text/vnd.api+json", "json", "*/*", "",
    "application/json, text/plain", "application/jsonp", "application/x+json, text/plain", "text/html",
    "application/octet-stream",
]  # fmt: skip

# --- lists

KEYS = [
    "name", "age", "lastVisit", "id", "patientID", "gender", "medicalCondition", "note", "q", "_sort", "_order",
    "_page", "_limit", "_per_page", "_start", "_end", "_where", "_embed", "_expand", "name_like", "age_gte",
    "age_lte", "age_ne", "name_ne", "lastVisit_gte", "age:gt", "age:lt", "name:contains", "name:startsWith",
    "name:in", "age:in", "name_in", "id_ne", "position", "extra", "patient_id", "xmin", "ctid", "__proto__",
    "name.first", "a.b.c", "$where", "name[$ne]", "name[]", "", "_", "_unknown", "name'", 'name"', "name;", "name)--",
    "(select 1)", "é", "%00",
]  # fmt: skip
QUERY_VALUES = [
    "", " ", "x", "0", "-1", "1", "1.5", "1e400", "NaN", "99999999999999999999", "true", "null", "%00", "a%00b",
    "%ff", "%ed%a0%80", "%zz", "%", "%F0%9F%98%80", "%E2%80%AE", "'", "''", '"', "\\", "%27%20OR%201=1--",
    "%27;DROP+TABLE+patients--", "1;SELECT+pg_sleep(9)", "$1", "%25s", "%25(name)s", "%25", "_", "*", "(", "[",
    "(.*)*x", "(a%2B)%2B$", "(x%2Bx%2B)%2By", "%5E(a|a)*$", ".{1,1000}{1,1000}", "%5C", "[%5C", "(?=x)", "%5C1", "{}",
    "[]", "%7B%22$ne%22:null%7D", "2024-02-30", "infinity", "-name,age", "name,name,name", "__proto__",
    "..%2F..%2Fetc%2Fpasswd", "x" * 5_000,
]  # fmt: skip

# --- addresses below /patients/

SEGMENTS = [
    "%00", "a%00b", "%", "%2", "%zz", "%ff", "%c0%af", "%ed%a0%80", "%2e%2e", "..", ".", "...", "..%2f", "..%5c",
    "%2F", "a%2Fb", "%2Fetc%2Fpasswd", "..%2F..%2F..%2Fetc%2Fpasswd", "%5C", "a%5Cb", "%3F", "%23", "%3Bx=1", ";x=1",
    "a;b", "a,b", "a+b", "a%20b", "%20", "%09", "%0a", "%0d%0aX-Injected:%20yes", "%7f", "%C2%A0", "%EF%BB%BF",
    "%E2%80%AE", "%F0%9F%98%80", "x" * 255, "x" * 256, "x" * 5_000, "%F0%9F%98%80" * 255, "%F0%9F%98%80" * 256, "'",
    "%27%20OR%20%271%27=%271", "1;DROP%20TABLE", "*", "(", "$", "null", "undefined", "NaN", "0", "-1", "1.0",
    "__proto__", "constructor", "{id}", "%7Bid%7D", "c1.json", "c1/", "c1//", "c1/x", "c1/..", "c1/%2e%2e", "c1%2f",
    "C1", "c1%20", "c1%00",
]  # fmt: skip


def as_json(value: Any) -> str:
    """ASCII, so that lone surrogates travel as escapes."""
    return json.dumps(value)
