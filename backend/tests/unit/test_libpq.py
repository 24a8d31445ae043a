"""DATABASE_URL as it is read: what is refused, in which words, and what every connection has."""

import re

import pytest

from app import libpq

HERE = "has what PostgreSQL's library does not know: "


@pytest.mark.parametrize(
    ("url", "says"),
    [
        # An @ in a part that is neither the user nor a password: the part holds the rest of a password.
        ("postgresql://u:a@secret/c@127.0.0.1/db", "has an @ too many"),
        ("postgresql://u:1/secret@127.0.0.1/db", "has an @ too many"),
        ("postgresql://u:1/d?application_name=secret@127.0.0.1/db", "has an @ too many"),
        ("postgresql://u:1/d?sec=ret@127.0.0.1/db", "has an @ too many"),
        ("postgresql://u:1/d?secret@127.0.0.1/db", "has an @ too many"),
        ("postgresql://u:x@secret@h/d", "has an @ too many"),
        # Other libraries' parameters.
        ("postgresql://h/d?pgbouncer=true", f"{HERE}pgbouncer (here it is DB_POOLED=true)"),
        (
            "postgresql://u:secret@h/d?schema=public",
            f"{HERE}schema (here it is options=-csearch_path%3Dname; public needs none)",
        ),
        ("postgresql://h/d?sslmod=require", f"{HERE}sslmod (here it is sslmode)"),
        ("postgresql://h/d?ssl=1", f"{HERE}ssl (here it is sslmode=require)"),
        (
            "postgresql://h/d?sslmode=require&connection_limit=5&foo=secret",
            f"{HERE}connection_limit (here it is DB_POOL_SIZE), foo (leave it out)",
        ),
        ("postgresql://h/d?sslmode", "is not a URL that libpq can read"),
        ("postgresql://u:sec%zzret@h/d", "is not a URL that libpq can read"),
    ],
)
def test_what_is_refused_is_told_without_the_password(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}") as caught:
        libpq.checked(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me%40corp:p%40ss@h/d",
        "postgresql://h/d?user=me@corp&password=p@ss",
        "postgresql://u:a?b=c@h/d",
        "postgresql://h/of%40us",
        "postgresql://u@ep-cool.example/d?sslmode=require&channel_binding=require",
        "postgresql://h/d?ssl=true",
        "postgresql:///d?host=/var/run&options=-csearch_path%3Dclinic",
        "postgresql://h1:1,h2:2/d?target_session_attrs=read-write",
    ],
)
def test_what_libpq_reads_is_taken_as_it_is(url: str) -> None:
    assert libpq.checked(url) == url


def test_what_the_url_says_itself_is_kept_but_for_the_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = {"keepalives_idle": 10, "tcp_user_timeout": 5000}
    url = "postgresql://h/d?keepalives_idle=60&client_encoding=latin1&options=-csearch_path%3Dclinic"
    assert libpq.parameters(url, "here", wishes, "-c jit=off") == {
        "fallback_application_name": "here",
        "client_encoding": "utf8",
        "tcp_user_timeout": 5000,
        "options": "-csearch_path=clinic -c jit=off",
    }
    monkeypatch.setenv("PGOPTIONS", "-csearch_path=ours")
    assert libpq.parameters("", "here", {}, "-c jit=off")["options"] == "-csearch_path=ours -c jit=off"
    assert "options" not in libpq.parameters(url, "here", {})


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://a/x", [{}]),
        ("postgresql://a,b/x", [{}]),
        ("postgresql://a,b/x?target_session_attrs=any", [{}]),
        ("postgresql://a/x?target_session_attrs=read-write", [{}]),
        ("postgresql://a,b/x?target_session_attrs=read-write", [{"host": "a", "port": ""}, {"host": "b", "port": ""}]),
        (
            "postgresql://a:1,b:2/x?target_session_attrs=primary",
            [{"host": "a", "port": "1"}, {"host": "b", "port": "2"}],
        ),
        (
            "postgresql:///x?host=a,b&port=3&target_session_attrs=read-write",
            [{"host": "a", "port": "3"}, {"host": "b", "port": "3"}],
        ),
        (
            "postgresql://a,b/x?hostaddr=::1,127.0.0.1&target_session_attrs=read-write",
            [{"host": "a", "port": "", "hostaddr": "::1"}, {"host": "b", "port": "", "hostaddr": "127.0.0.1"}],
        ),
    ],
)
def test_of_several_servers_each_is_named_where_the_primary_is_wanted(dsn: str, expected: list[dict[str, str]]) -> None:
    assert libpq.hosts(dsn) == expected
