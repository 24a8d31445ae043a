"""What a `*` in CORS_ORIGINS stands for: one label of a host, and nothing else."""

import re

import pytest

from app.origins import pattern

ORIGINS = ("https://*.vercel.app", "http://app.*.localhost:5173", "https://app.example")


@pytest.mark.parametrize(
    ("origin", "matches"),
    [
        ("https://a.vercel.app", True),
        ("https://project-git-branch-team.vercel.app", True),
        ("http://app.x.localhost:5173", True),
        ("https://a.b.vercel.app", False),
        ("https://.vercel.app", False),
        ("https://vercel.app", False),
        ("https://vercel.app.evil.com", False),
        ("https://evil.com/.vercel.app", False),
        ("https://evil.com#.vercel.app", False),
        ("https://u@evil.vercel.app", False),
        ("https://a.vercel.app:8443", False),
        ("https://a.vercel.appx", False),
        ("https://a.vercelxapp", False),
        ("http://a.vercel.app", False),
        ("https://a.vercel.app\n", False),
        ("http://app.x.localhost", False),
        ("https://app.example", False),  # it is no pattern
    ],
)
def test_a_star_is_one_label(origin: str, matches: bool) -> None:
    assert (re.compile(pattern(ORIGINS) or "").fullmatch(origin) is not None) is matches


def test_without_a_star_there_is_no_pattern() -> None:
    assert pattern(["*", "null", "https://app.example"]) is None
