"""What an import says on the terminal."""

from io import StringIO

from rich.console import Console

from app.importer.console import summary
from app.importer.report import Report, Tally


def test_a_collection_is_named_whole_on_a_narrow_terminal() -> None:
    console = Console(file=StringIO(), width=80)
    summary(console, Report("db.json", tallies=[Tally("doctors"), Tally("appointments")]), ())
    said = console.file
    assert isinstance(said, StringIO)
    assert "appointments" in said.getvalue()
    assert "…" not in said.getvalue()
