"""Several hundred list requests over every feature of the three releases, odd values included, as on the wire."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from urllib.parse import quote_plus

TEXT_FIELDS = ("id", "patientID", "name", "gender", "medicalCondition", "lastVisit")
DECLARED = (*TEXT_FIELDS, "age")
UNTYPED = ("medications", "mixed")  # of every type
UNDECLARED = ("ward", "score", "active", "tags", "address.city", "phone_in", "medications.0", *UNTYPED)
UNKNOWN = ("foo", "Name", "patientid", "foo_in", "a.b.c")

VALUES: Mapping[str, tuple[str, ...]] = {
    "id": ("1", "007", "3e3a", "A1", "c d", "c+d", "c%d", "é1", "01"),
    "patientID": ("P001", "p001", "7", "1e1", "null", "true", "P_12"),
    "name": ("Anna", "anna", "müller", "De Marco", " Space First", "李雷", "O*Brien (the 2nd)"),
    "gender": ("Female", "female", "Other"),
    "medicalCondition": ("Asthma", "50% burn", "a\\b", "Line\nbreak", "Flu; severe"),
    "lastVisit": ("2024-01-15", "2024-01", "2024-02-30", "0099-01-01", "9999-12-31", "2024-01-15T00:00:00"),
    "age": ("45", "46", "2147483647", "1"),
    "ward": ("North", "north", "10"),
    "score": ("4.5", "10", "0"),
    "active": ("true", "false"),
    "tags": ("red",),
    "address.city": ("Paris", "paris"),
    "phone_in": ("yes",),
    "medications.0": ("Insulin", "Metformin", "5"),
    "medications": ("Metformin,Insulin", "Insulin", "[object Object]", "Aspirin, low,,5,1.5,true", "0,false,"),
    "mixed": ("Insulin", "45", "true", "[object Object],45", "null"),
}
# As on the wire, already encoded.
ODD_VALUES = ("", "abc", "45.0", "045", "+45", "45abc", "1e400", "-1", "9" * 20, "%00", "%E0%A4%A", "a%00b", "%", "NaN")

UNDERSCORE = ("ne", "gte", "lte", "gt", "lt", "eq", "in", "contains", "startsWith", "endsWith")
PATTERNS = (
    "an", "^a", "a$", "^anna$", "m.ller", "[aeiou]{2}", "(anna|emile)", r"\d+", r"\bo", r"o\b", r"o\.brien", r"\(the",
    ".*", "a+?b*", "ΚΏΣ", "straße|flu", r"\s", r"[^a-z ]{4}", "5", "2024-0[1-6]", r"^\w+ \w+$", r"\u0041nna", "x{0}",
)  # fmt: skip
SEARCHES = (
    "anna", "ANNA", "MÜLLER", "müller", "ώστ", "дМИ", "%", "_", "p_", ".", "4", "2024-01", "2147483647", "12-31",
    "north", "PARIS", "red", "true", "false", "10", "4.5", "female", "O'B", "\\", "  ", "\t", "a b", "ÅNG", "'", '"',
    "-", "{", "zzz",
)  # fmt: skip


def equality() -> Iterator[str]:
    for field in (*DECLARED, *UNDECLARED):
        yield from (f"{field}={quote_plus(value)}" for value in VALUES[field])
        yield from (f"{field}={value}" for value in ODD_VALUES)
        yield field
    yield from (f"{field}=1" for field in UNKNOWN)
    yield from (f"{field}=" for field in UNKNOWN)
    yield from ("name=Anna&age=45", "gender=Female&age=45", "gender=Female&age=45&lastVisit=2024-01-15", "age=45&foo=1")


def untyped() -> Iterator[str]:
    """Filters of 0.17 on arrays, objects and fields that hold values of several types."""
    values = ("", "Insulin", "insulin", "A", "M", "0", "1", "5", "45", "46", "true", "null", ",", "[", "[object", "{}")
    odd = ("1,2", "Insulin,,1,2,[object Object]", '"x", [y],\\,{\n}', "Ünlü,ünlü", "zz")
    for field, name, value in product(UNTYPED, ("", "_ne", "_gte", "_lte"), (*values, *odd)):
        yield f"{field}{name}={quote_plus(value)}"
    for field, pattern in product(
        UNTYPED, ("Insulin", "^ins", "lin$", ",", "^$", ".", r"\d", r"\[object", "true|false")
    ):
        yield f"{field}_like={quote_plus(pattern)}"
    yield from (f"{field}{name}=Insulin&{field}{name}=45" for field in UNTYPED for name in ("", "_ne", "_gte", "_lte"))
    yield from ("medications:contains=Insulin", "medications:contains=insulin", "medications:contains=5")


def repeated() -> Iterator[str]:
    yield from ("id=1&id=2", "id=1&id=2&id=nope", "gender=Male&gender=Other&age=58", "age=45&age=58", "age=x&age=45")
    yield from ("id_ne=1&id_ne=2", "age_ne=45&age_ne=58", "gender_ne=Male&gender=Female", "age_ne=45&age=45")
    yield from ("age_gte=50&age_gte=60", "age_lte=50&age_lte=60", "name_like=anna&name_like=mark", "id[]=1&id[]=2")
    yield from ("id[0]=1&id[1]=2", "id[]=1", "name[x]=Anna", "lastVisit_gte=2024-06&lastVisit_gte=2024-02")
    yield from ("age_gte=40&age_lte=50", "age_gte=40&age_lte=50&age_ne=45", "lastVisit_gte=2024&lastVisit_lte=2024-02")


def underscore_operators() -> Iterator[str]:
    for field, name in product((*DECLARED, "score", "ward", "foo"), UNDERSCORE):
        yield from (f"{field}_{name}={quote_plus(value)}" for value in VALUES.get(field, ("1",))[:2])
    for name, value in product(("ne", "gte", "lt", "in"), ODD_VALUES):
        yield from (f"age_{name}={value}", f"lastVisit_{name}={value}")
    yield from (f"name_{name}={value}" for name in ("ne", "lte", "gt") for value in ODD_VALUES)
    yield from (
        f"lastVisit_{name}={value}" for name in ("gte", "lte") for value in ("2024", "2024-06", "2024-01-1", "Z")
    )
    yield from (
        "age_gte=45.5", "age_lte=44.9", "age_gte=-1e3", "_gte=1", "_ne=1", "age_gte", "age_GTE=45", "age_gtee=45",
    )  # fmt: skip


def colon_operators() -> Iterator[str]:
    for field, name in product((*DECLARED, "score", "ward", "foo"), UNDERSCORE):
        yield from (f"{field}:{name}={quote_plus(value)}" for value in VALUES.get(field, ("1",))[:2])
    yield from (f"{field}:{name}=" for field in ("age", "name", "lastVisit", "ward") for name in UNDERSCORE)
    yield from ("id:in=3e3a,A1", "name:in=Anna,+anna+,De+Marco", "age:in=45,+46,x", "gender:in=Male,Other", "name:in=,")
    yield from (
        "name:contains=AN",
        "name:contains=M%C3%9CL",
        "name:startsWith=an",
        "name:endsWith=RIEN",
        "name:contains=%25",
    )
    yield from (
        "medicalCondition:contains=_",
        "lastVisit:contains=-02-",
        "lastVisit:startsWith=2024-01",
        "name:Contains=a",
    )
    yield from (
        "name:foo=1", "name:=Anna", ":eq=1", "name:eq:eq=Anna", "age:gte=40&age:lte=50", "age:ne=45", "age:lt=20.5",
        "age:gt=false", "age:lte=null",
    )  # fmt: skip
    yield from (
        "name:gte=M",
        "lastVisit:gt=2024-01-15",
        "lastVisit:lte=2024-01-15",
        "age_gt=45",
        "age_lt=45.5",
        "age_in=45,46",
    )


_WHERES: tuple[object, ...] = (
    {"age": {"gte": 45}},
    {"age": {"gte": "45"}},
    {"age": {"eq": 45}},
    {"age": {"eq": "45"}},
    {"age": {"ne": 45}},
    {"age": {"in": [45, 46, "58"]}},
    {"age": {"in": 45}},
    {"age": {"in": []}},
    {"age": {"gt": 45, "lt": 60}},
    {"age": {"gt": 44.5}},
    {"age": {"lte": None}},
    {"age": {"gte": None}},
    {"age": {"gte": True}},
    {"age": {"lt": [1]}},
    {"id": {"in": ["1", "2"]}},
    {"id": {"eq": "1"}},
    {"id": {"eq": 1}},
    {"id": {"ne": 1}},
    {"name": {"contains": "AN"}},
    {"name": {"startsWith": "an", "endsWith": "TWO"}},
    {"name": {"contains": 2}},
    {"age": {"contains": "4"}},
    {"name": {"gte": "M"}},
    {"lastVisit": {"gte": "2024-06"}},
    {"lastVisit": {"eq": "2024-01-15"}},
    {"lastVisit": {"in": ["2024-01-15", "nonsense", 5, None]}},
    {"age": 45},
    {"name": "Anna"},
    {"name": {}},
    {},
    {"name": {"foo": 1}},
    {"and": [{"age": {"eq": 45}}]},
    {"foo": {"eq": 1}},
    {"foo": {"ne": 1}},
    {"foo": {}},
    {"or": [{"age": {"eq": 45}}, {"gender": {"eq": "Male"}}]},
    {"or": []},
    {"or": {}},
    {"or": [1, {"age": {"lt": 10}}]},
    {"gender": {"eq": "Female"}, "or": [{"age": {"lt": 10}}, {"age": {"gt": 60}}]},
    {"or": [{"or": [{"age": {"eq": 7}}, {"age": {"eq": 19}}]}, {"name": {"eq": "Anna"}, "age": {"gt": 50}}]},
    {"or": [{}]},
    {"or": [{"age": 45}]},
    {"score": {"eq": 10}},
    {"score": {"eq": "10"}},
    {"score": {"gt": 3}},
    {"ward": {"eq": "North"}},
    {"ward": {"eq": 10}},
    {"ward": {"contains": "OR"}},
    {"active": {"eq": True}},
    {"active": {"ne": True}},
    {"active": {"eq": "true"}},
    {"address": {"city": {"eq": "Paris"}}},
    {"address": {"city": {"ne": "Paris"}}},
    {"address": {"nope": {"eq": 1}}},
    {"tags": {"eq": "red"}},
    {"tags": {"eq": ["red"]}},
    {"medications": {"contains": "INSULIN"}},
    {"age": {"deep": {"eq": 1}}},
    {"gender": {"eq": "Male"}, "age": {"gte": 50}, "name": {"contains": "д"}},
)


def forgiving() -> Iterator[str]:
    yield from (
        "name:similar=ana",
        "q:similar=diabtes",
        "name:similar=ana&_page=1&_per_page=3",
        "name:similar=ana&_limit=2",
    )
    yield from ("q=an&_sort=-_score", "q=an&_sort=_score&_order=desc", "_sort=-_score", "name:similar=")
    yield '_where={"name":{"similar":"ana"}}'


def where() -> Iterator[str]:
    yield from (f"_where={quote_plus(json.dumps(document))}" for document in _WHERES)
    yield from (f"_where={text}" for text in ("", "5", "null", "nonsense", "{", '"x"', "true"))
    yield from ('name=Anna&_where={"age":{"eq":45}}', "name=Anna&_where=5", '_where={"age":{"eq":45}}&_sort=-name')
    yield '_where={"gender":{"eq":"Female"}}&_page=2&_per_page=3&_sort=age'


def search() -> Iterator[str]:
    yield from (f"q={quote_plus(text)}" for text in SEARCHES)
    yield from ("q=", "q", "q=anna&q=zzz", "q=anna&age=45", "q=a&_limit=3", "q=a&_page=2&_limit=4", "q=o&_sort=name")
    yield from ("q=%00", "q=%E0%A4%A", "q=o&gender=Male&_sort=age&_order=desc&_start=1&_end=4")


def like() -> Iterator[str]:
    for field in ("name", "medicalCondition"):
        yield from (f"{field}_like={quote_plus(pattern)}" for pattern in PATTERNS)
    for field in (*DECLARED, "ward", "score", "foo"):
        yield from (
            f"{field}_like={quote_plus(pattern)}" for pattern in ("an", "^0", r"\d+", ".*", "P|1", "2024-0[1-6]")
        )
    yield from ("name_like=", "name_like=(", "name_like=[z-a]", "name_like=%5Cp", "name_like=a**", "name_like=(?=a)")


_SORTS = (
    "name", "-name", "age", "-age", "gender,age", "gender,-age", "-gender,name", "lastVisit", "-lastVisit,age", "foo",
    "", ",", "-", "name,", ",name", "Name", "name,-name", "age,name,id", "id", "-id", "patientID", "medicalCondition",
    "score", "-score", "score,name", "address.city", "--age", " age", "active", "-active", "mixed",
    "age,gender,name,id",
)  # fmt: skip
_ORDERS = ("asc", "desc", "DESC", "Desc", "desc,asc", "asc,desc", "down", "", "desc,desc,desc")


def sort() -> Iterator[str]:
    yield from (f"_sort={quote_plus(fields)}" for fields in _SORTS)
    yield from (
        f"_sort={fields}&_order={order}" for fields in ("age", "name", "gender,age", "foo,age") for order in _ORDERS
    )
    yield from (
        "_order=desc",
        "_sort=age&_order=desc&gender=Male",
        "_sort=name&_limit=5",
        "_sort=-name&_page=1&_per_page=4",
    )
    yield from ("_sort=%00,-age", "_sort=%FF,score", "_sort=foo,-age")
    yield from ("_sort=age&_sort=name", "_sort=name&q=a", "_sort=lastVisit&_order=desc&_limit=3")


_NUMBERS = ("1", "2", "3", "9", "99", "0", "-1", "2.7", "2abc", "abc", "", "1e3", "9" * 30)


def pages() -> Iterator[str]:
    yield from (f"_page={number}" for number in _NUMBERS)
    yield from (f"_page={number}&_limit=4" for number in _NUMBERS)
    yield from (f"_page={number}&_per_page=4" for number in _NUMBERS)
    yield from (f"_page=2&_limit={size}" for size in _NUMBERS)
    yield from (f"_page=2&_per_page={size}" for size in _NUMBERS)
    yield from (f"_per_page={size}" for size in ("", "3", "x"))
    yield from (
        "_page=1&age=999",
        "_page=2&age=999&_per_page=3",
        "_page=2&age=999&_limit=3",
        "_page=2&gender=Male&_per_page=3",
    )
    yield from ("_page=1&_page=2", "_page=2&_limit=3&_sort=age&_order=desc&gender=Female", "_page=1&_limit=100")
    yield from (
        "_page=2&_limit=3&name_like=a&name=%C3%A9+%26",
        "_page=1&_per_page=26",
        "_page=1&_limit=26",
        "_page=2&_limit=26",
    )


def slices() -> Iterator[str]:
    edges = ("", "0", "2", "25", "26", "99", "-1", "-5", "x")
    yield from (f"_start={start}&_end={end}" for start, end in product(edges, edges))
    yield from (f"_start={start}&_limit={limit}" for start, limit in product(edges, ("", "0", "5", "99", "-5", "x")))
    yield from (f"_{name}={edge}" for name, edge in product(("start", "end", "limit"), edges))
    yield from ("_start=2&_end=5&_limit=1", "_page=2&_start=1&_end=3", "_page=2&_limit=3&_start=20&_end=22")
    yield from ("_limit=5&gender=Male", "_start=1&_end=4&_sort=age", "_start=1&_end=4&_sort=age&_order=desc&q=a")


def odd() -> Iterator[str]:
    yield from (
        "", "&", "&&", "&a=b", "=", "=1", "a", "_", "_=123", "_=123&age=45", "callback=f", "_delay=1", "_foo=bar",
    )  # fmt: skip
    yield from (
        "_embed=foo", "_expand=foo", "__proto__=1", "constructor=1", "name=Anna&", "&name=Anna", "name=Anna&&age=x",
    )  # fmt: skip
    yield from ("n%61me=Anna", "name=An%6Ea", "name%00=1", "%E0%A4%A=1", "name=An+na", "name=Anna?x", "a=b=c")


GROUPS: Mapping[str, tuple[str, ...]] = {
    group.__name__: tuple(dict.fromkeys(group()))
    for group in (
        equality,
        untyped,
        repeated,
        underscore_operators,
        colon_operators,
        where,
        search,
        forgiving,
        like,
        sort,
        pages,
        slices,
        odd,
    )
}
