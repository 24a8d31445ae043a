"""Singulars and plurals of English as the npm package pluralize makes them: json-server 0.17 names its keys by it."""

from pluralizer import Pluralizer

_WORDS = Pluralizer()


def singular(word: str) -> str:
    """`doctor` of "doctors", `testCase` of "testCases"; what is singular stays."""
    return _WORDS.singular(word)


def plural(word: str) -> str:
    """`doctors` of "doctor", `people` of "person"; what is plural stays."""
    return _WORDS.plural(word)
