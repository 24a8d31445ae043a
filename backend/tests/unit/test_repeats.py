"""Faults that repeat themselves: the first at once, the others once a second, with how many they were."""

import logging

from app.logs.repeats import Repeats


def record(text: str, name: str = "app") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, "%s failed", (text,), None)


def told(repeats: Repeats, now: float) -> list[str]:
    return [one.getMessage() for one in repeats.due(now)]


def test_only_the_first_is_new() -> None:
    repeats = Repeats()
    assert [repeats.is_one(record("a"), 0.1 * turn) for turn in range(4)] == [False, True, True, True]
    assert told(repeats, 0.9) == []
    assert told(repeats, 1.0) == ["a failed (3 more)"]


def test_each_second_has_its_own_count_until_one_is_quiet() -> None:
    repeats = Repeats()
    for now in (0.0, 0.5):
        repeats.is_one(record("a"), now)
    assert told(repeats, 1.0) == ["a failed (1 more)"]
    for now in (1.1, 1.2):
        repeats.is_one(record("a"), now)
    assert told(repeats, 2.0) == ["a failed (2 more)"]
    assert told(repeats, 3.0) == []
    assert not repeats.is_one(record("a"), 3.1)


def test_faults_are_told_apart_by_what_they_say_and_who_says_it() -> None:
    repeats = Repeats()
    assert not any(repeats.is_one(one, 0) for one in (record("a"), record("b"), record("a", "other")))


def test_of_too_many_kinds_each_is_said() -> None:
    repeats = Repeats()
    for number in range(1000):
        repeats.is_one(record(str(number)), 0)
    assert not repeats.is_one(record("999"), 0)
    assert repeats.is_one(record("0"), 0)
