"""An import into a running server, over HTTP: `scripts/migrate_db_json.py --to URL`. The report is from over there."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.importer.files import Input, Output, output
from app.importer.mistaken import explained
from app.importer.outputs import Outputs
from app.importer.place import Place
from app.importer.report import Report
from app.importer.run import Options, Progress, Step
from app.importer.source import CHUNK, Unreadable

_SECONDS = 60.0  # for one answer
_PATIENCE = 30.0  # for a server that does not answer while it imports: it may be starting anew
_OVER = ("done", "failed", "cancelled", "lost")
_NAME = b'"path": "db.json"'  # what a server calls the file, which has no name there
_SILENT = "the server does not answer ({}); what it was sent is imported whole or not at all: run it again"

Job = Mapping[str, Any]


class _Refused(Exception):
    """The server does not do it; the text is a sentence."""


class Remote:
    """A running server. `key`: an access key, a token, or nothing where nobody is asked.

    Raises `ValueError` for what is no address.
    """

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no http address")
        self._how = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def take(self, source: Input, options: Options, progress: Progress) -> Job:
        """Send the file. What has begun over there. Raises `_Refused`, `OSError`, `http.client.HTTPException`."""
        if any(job["state"] not in _OVER for job in self._json("/imports")):
            raise _Refused("another import is under way over there: wait until it is over")
        flags = {"dryRun": options.dry_run, "allOrNothing": options.all_or_nothing}
        query = urlencode({name: str(value).lower() for name, value in flags.items()})
        length = {"Content-Length": str(source.size)} if source.size is not None else {}
        headers = {"Content-Type": "application/json", **length}
        with self._asked("POST", f"/imports?{query}", headers, _sent(source, progress)) as answer:
            job: Job = json.loads(answer.read())
            return job

    def over(self, job: Job, progress: Progress) -> Job:
        """The job once it is over."""
        heard = time.monotonic()
        while job["state"] not in _OVER:
            progress(Step(job["step"] or job["state"], job["done"], job["total"], job["records"]))
            time.sleep(1)
            try:
                job, heard = self._json(f"/imports/{job['id']}"), time.monotonic()
            except (OSError, http.client.HTTPException, _Refused):
                if time.monotonic() - heard > _PATIENCE:
                    raise
        return job

    def cancel(self) -> None:
        """What runs over there. Raises `_Refused` where it is too late."""
        for job in self._json("/imports"):
            if job["state"] not in _OVER:
                with self._asked("DELETE", f"/imports/{job['id']}"):
                    return

    def save(self, job: Job, name: str, place: Output, called: Path) -> None:
        """Put a file that the import has left in its place, with the name that the source has here."""
        if place.path:
            with self._asked("GET", f"/imports/{job['id']}/{name}") as answer, place.anew() as file:
                file.write(answer.read(CHUNK).replace(_NAME, _NAME[:8] + json.dumps(str(called)).encode(), 1))
                while piece := answer.read(CHUNK):
                    file.write(piece)

    def report(self, job: Job) -> Job:
        """The whole one, of an import that is done."""
        told: Job = self._json(f"/imports/{job['id']}/report")
        return told

    def _json(self, path: str) -> Any:
        with self._asked("GET", path) as answer:
            return json.loads(answer.read())

    @contextmanager
    def _asked(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Iterator[bytes] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._how(self._host, self._port, timeout=_SECONDS)
        try:
            yield _answer(connection, method, self._base + path, {**self._headers, **(headers or {})}, body)
        finally:
            connection.close()


def import_to(remote: Remote, path: Path, options: Options, progress: Progress) -> Report:
    """As `importer.run.import_file`, in the database that a server has. `options`: all but `verify` and `replace`.

    Raises `files.Unwritable` when the report or the rejects cannot be begun.
    """
    with output(options.report, path) as report, output(options.rejects, path, options.report) as rejects:
        outputs = Outputs(report, rejects, Output())
        try:
            return _imported(remote, path, options, outputs, progress)
        except Unreadable as error:
            failed = Report.unreadable(str(path), explained(path, error))
        except _Refused as error:
            failed = Report.failed(str(path), str(error))
        except (OSError, http.client.HTTPException) as error:
            failed = Report.failed(str(path), _SILENT.format(type(error).__name__))
        failed.dry_run = options.dry_run
        outputs.tell_failure(failed)
        return failed


def _imported(remote: Remote, path: Path, options: Options, outputs: Outputs, progress: Progress) -> Report:
    with Input(path) as source:
        job = _followed(remote, source, options, progress)
    if job["state"] != "done":
        raise _why(job)
    remote.save(job, "report", outputs.report, path)
    remote.save(job, "rejects", outputs.rejects, path)
    report = Report.read(str(path), remote.report(job))
    outputs.show(report)
    return report


def _why(job: Job) -> Exception:
    """A file that cannot be read has its place in the report; all else is a sentence."""
    if not job["report"] or job["report"]["status"] != "unreadable":
        return _Refused(job["detail"])
    fault = job["report"]["file_errors"][0]
    place = Place(fault["line"], fault["column"]) if "line" in fault else None
    return Unreadable(fault["message"], place, fault.get("offset"))


def _followed(remote: Remote, source: Input, options: Options, progress: Progress) -> Job:
    """To its end. Who interrupts that cancels it; where it is too late for that, it is as it would have been."""
    try:
        return remote.over(remote.take(source, options, progress), progress)
    except KeyboardInterrupt:
        remote.cancel()
        raise


def _sent(source: Input, progress: Progress) -> Iterator[bytes]:
    done = 0
    while piece := source.stream.read(CHUNK):
        yield piece
        progress(Step("sending", done := done + len(piece), source.size, 0))


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Iterator[bytes] | None,
) -> http.client.HTTPResponse:
    with suppress(BrokenPipeError, ConnectionResetError):  # who is refused early is told so before the end
        connection.request(method, path, body, headers)
    answer = connection.getresponse()
    if answer.status >= 300:
        raise _Refused(_sentence(answer))
    return answer


def _sentence(answer: http.client.HTTPResponse) -> str:
    """In the server's words, if it is one of ours."""
    try:
        return f"the server's answer is {answer.status}: {json.loads(answer.read())['message']}"
    except (ValueError, TypeError, KeyError):
        return f"the server's answer is {answer.status}: is it one that imports? Its address is without /imports"
