"""The cutover's pure parts: what an address means, when it falls back, what keeps a stage, what its journal says."""

from pathlib import Path

import pytest

from app.cutover.addresses import Target, target
from app.cutover.commands import cutover
from app.cutover.falling_back import Ring
from app.cutover.flags import FlagFile, Flags
from app.cutover.gates import Facts, unmet
from app.cutover.journal import Journal, JournalError
from app.cutover.place import Place
from app.cutover.records import alike, found
from app.resources import RESOURCES

LEVEL = Facts(owed=0, unfinished=0, refused=0, equal=1000, different=0, enough=1000, verification="")


@pytest.mark.parametrize(
    ("path", "means"),
    [
        ("/patients", Target("list", "patients")),
        ("/patients/", Target("list", "patients")),
        ("/patients/a%2Fb", Target("record", "patients", "a/b")),
        ("/PATIENTS/1", Target("near", "patients")),
        ("/doctors/1/patients", Target("near", "patients")),
        ("//patients", Target("near", "patients")),
        ("/posts/1", Target("other", "posts")),
        ("/", Target("other", "")),
    ],
)
def test_what_an_address_means(path: str, means: Target) -> None:
    assert target(path, {"patients": ...}) == means


def test_it_falls_back_for_a_row_or_a_share_of_enough() -> None:
    flags, ring = Flags(), Ring()
    for now in range(4):
        ring.failed(now)
    assert not ring.tripped(4, flags)
    ring.good(4)
    for now in range(5, 19):
        ring.good(now)
    assert not ring.tripped(19, flags)
    ring.different(19)
    assert ring.tripped(19, flags) == "5 of 20 within 60 s failed or differed"
    assert not ring.tripped(70, flags)
    for now in range(70, 75):
        ring.failed(now)
    assert ring.tripped(75, flags) == "5 in a row failed"


def test_five_per_cent_are_not_more_than_five_per_cent() -> None:
    ring = Ring()
    for number in range(100):
        (ring.different if number % 20 == 0 else ring.good)(1.0)
    assert not ring.tripped(1.0, Flags())
    ring.different(1.0)
    assert ring.tripped(1.0, Flags())


def test_what_keeps_a_stage() -> None:
    assert unmet("copy", "ramp", LEVEL) == []
    for fact in (
        {"owed": 1},
        {"unfinished": 1},
        {"refused": 1},
        {"different": 1},
        {"equal": 999},
        {"verification": "1"},
    ):
        assert len(unmet("copy", "ramp", LEVEL._replace(**fact))) == 1
        assert unmet("new", "ramp", LEVEL._replace(**fact)) == unmet("old", "copy", LEVEL._replace(**fact)) == []


def test_a_journal_that_was_cut_in_its_last_line(tmp_path: Path) -> None:
    """At whatever byte: what was said before stands, and what comes next is whole."""
    journal = Journal(path := tmp_path / "journal.jsonl")
    journal.enter("copy", level=True)
    journal.owe(journal.begin("patients", "a"), "away")
    journal.settle(journal.begin("patients", "b"))
    journal.refuse(journal.begin("patients", "c"), {"age": "is below 0"})
    journal.begin("patients", None)
    journal.close()
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        cut = Journal(path)
        cut.begin("patients", "z")
        cut.close()
        again = Journal(path)
        assert ("patients", "z") in again.open
        again.close()
    assert (again.stage, again.level, again.owed) == ("copy", True, [("patients", "a")])
    assert again.refused == {("patients", "c"): {"age": "is below 0"}}
    path.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(JournalError):
        Journal(path)


def test_what_was_begun_again_stays_open(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    first = journal.begin("patients", "a")
    second = journal.begin("patients", "a")
    assert (first.opened, second.opened) == (True, False)
    journal.settle(first)
    assert list(journal.open) == [("patients", "a")]
    journal.settle(second)
    assert not journal.open


@pytest.mark.parametrize("option", ["--old", "--new", "--notify"])
@pytest.mark.parametrize("address", ["nonsense", "http://", "http://[", "http://a.example:65536"])
def test_what_is_no_address_is_said(
    option: str, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cutover(RESOURCES, [option, address, "--state", str(tmp_path)])
    assert (ended.value.code, capsys.readouterr().err) == (2, f"Not started: {address} is no http address\n")


def test_no_process_has_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert Place(tmp_path / "file").admin() is None


def test_flags_that_cannot_be_used_leave_the_last_good_ones(tmp_path: Path) -> None:
    file = FlagFile(tmp_path / "flags.json")
    file.write(Flags(stage="copy"))
    for text in ("", "{", '{"stage": "nothing"}', '{"share": 101}', '{"stages": "old"}'):
        file.path.write_text(text)
        file.forget()
        assert file.changed()
        assert file.fault
        assert file.good.stage == "copy"


def test_records_are_alike_whatever_their_order_and_kind_of_id() -> None:
    assert alike(b'{"id": 1, "a": 2, "b": null}', b'{"b": null, "a": 2, "id": "1"}')
    assert not alike(b'{"id": 1, "a": true}', b'{"id": 1, "a": 1}')
    assert found(b"<p>") is None
    assert [one.identity for one in found(b'[{"id": 3}, {"id": "x"}]') or ()] == ["3", "x"]
