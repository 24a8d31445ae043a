"""What an import leaves in files: the report and the rejects, on the disk before the commit, in their place after."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.importer.entries import Entry
from app.importer.files import Output, Unwritable, told_of
from app.importer.report import BRIEF, Report, write


class Outputs(NamedTuple):
    """The rejects are written by who finds them. `brief`: the report with the first entries of each list."""

    report: Output
    rejects: Output
    brief: Output

    def write(self, report: Report, journals: Sequence[Iterable[Entry]]) -> None:
        """Have the report on the disk, but not in its place. Raises `Unwritable`."""
        for output, most in ((self.report, None), (self.brief, BRIEF)):
            if output.path:
                with told_of(output.path), output.anew() as file:
                    write(report, journals, file, most)

    def show(self, report: Report) -> None:
        """Put both in their place. It is too late for a failure: `report.untold` says what could not be."""
        for output in self:
            try:
                output.show()
            except Unwritable as error:
                report.untold = str(error)

    def tell_failure(self, report: Report) -> None:
        """Write the report of a run that decided nothing, and rejected nothing, and put it in its place."""
        try:
            self.write(report, ())
            self.report.show()
        except Unwritable as error:
            report.untold = str(error)
