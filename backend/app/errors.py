"""What can go wrong, by meaning: name, HTTP status, public message. No framework, no driver, no record's data.

Whoever finds the fault raises it; `api/error_handlers.py` alone turns it into a response (RFC 9457).
"""

from collections.abc import Mapping


class Problem(Exception):
    """A fault with a public face.

    `detail` is one sentence a person can act on; `errors` maps wire field names to sentences; `headers` go out as is.
    """

    status = 500
    detail = "The server met an unexpected fault. It has been logged."
    seconds: int | None = None
    """When to try again (RFC 9110, 10.2.3); None: it is not said."""
    challenge: Mapping[str, str] | None = None
    """What WWW-Authenticate says beside the realm (RFC 6750, 3); None: there is no such header."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.detail
        self.errors = dict(errors or {})
        self.headers = dict(headers or {}) | ({"Retry-After": str(self.seconds)} if self.seconds else {})
        super().__init__(self.detail)


class BadRequest(Problem):
    status = 400
    detail = "The request cannot be understood."


class MalformedCredentials(BadRequest):
    """Not one bearer token where one is expected (RFC 6750, 3.1: invalid_request)."""

    detail = "Send one header Authorization: Bearer, with an access key or token and nothing else."
    challenge: Mapping[str, str] | None = {"error": "invalid_request"}


class Invalid(BadRequest):
    """A body whose fields break a rule. `errors` says which field and how; `detail` repeats it as one sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field} {message}" for field, message in errors.items()) + ".", errors=errors)


class Unauthorized(Problem):
    """Nobody says who asks."""

    status = 401
    challenge: Mapping[str, str] | None = {}
    detail = "Say who asks: send an access key or token in the header Authorization: Bearer."


class InvalidToken(Unauthorized):
    """Who asks is not known by what they sent. Only an expiry is told apart: frontends get a new token then."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__(f"The access key or token {'has expired' if expired else 'is not valid'}.")
        self.challenge = {"error": "invalid_token", "error_description": "expired" if expired else "not valid"}


class Forbidden(Problem):
    """Who asks may not do this; `scope` is what it takes (SMART App Launch 2.2)."""

    status = 403

    def __init__(self, actor: str, scope: str) -> None:
        super().__init__(f"{actor} may not do this: it takes {scope}.")
        self.challenge = {"error": "insufficient_scope", "scope": scope}


class WrongPassword(BadRequest):
    """Somebody has no account, or another password: json-server-auth's 400, which here does not tell the two apart."""

    detail = "The email or the password is not right."


class NoRegistration(Problem):
    """Accounts that people make for themselves, and data of others, do not go together."""

    status = 403
    detail = "Nobody makes an account for themselves here: ask whoever runs this server."


class TooManyTries(Problem):
    status = 429

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"There were too many tries to sign in. Try again in {seconds} seconds.")


class ReadOnly(Problem):
    """Development only, where the server was told so."""

    status = 403
    detail = "This server was started with READ_ONLY: it answers reads only."


class NotFound(Problem):
    status = 404
    detail = "There is nothing at this address."


class Conflict(Problem):
    """Another record holds this field's value already. None: a value that only the database knows must be its own.

    `place`: of the record among several that were sent, from 0.
    """

    status = 409

    def __init__(self, field: str | None, noun: str, place: int | None = None) -> None:
        message, at = f"is already used by another {noun}", "" if place is None else f"[{place}]."
        named = f"{at}{field or 'A value'}"
        super().__init__(f"{named} {message}.", errors={named: message} if field else {})


class NoNumberLeft(Problem):
    """A new record would get one above the highest there can be."""

    status = 409

    def __init__(self, noun: str) -> None:
        super().__init__(f"The highest number there can be is taken: send the {noun} with an id of its own.")


class StillNeeded(Problem):
    """Other records cannot be without this one: they must have one, and nothing said that they go too."""

    status = 409

    def __init__(self, noun: str) -> None:
        super().__init__(
            f"Other records need this {noun}. Nothing was deleted: delete them first, or name them in _dependent."
        )


class Outlived(Problem):
    """A record as it was, which may not be so any more."""

    status = 409

    def __init__(self, noun: str) -> None:
        super().__init__(f"As the {noun} was then it breaks a rule that is younger. Nothing was changed.")


class Gone(Problem):
    status = 410
    detail = "The changes behind this cursor are not on record. Read the list again, and go on from _since=now."


class PreconditionFailed(Problem):
    status = 412

    def __init__(self, noun: str) -> None:
        super().__init__(
            f"The {noun} has changed since the version named in If-Match. Read it again and repeat the change."
        )


class PayloadTooLarge(Problem):
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The body is larger than {limit} bytes, the most this server takes.",
            headers={"Connection": "close"},  # the rest of the body is not worth reading
        )


class ImportUnderWay(Problem):
    """One import at a time, whichever server works on it."""

    status, seconds = 409, 1

    def __init__(self, key: str) -> None:
        super().__init__(f"Another import is under way, {key}. Wait until it is over, or cancel it.")


class ImportCancelled(Problem):
    """While its file was on its way."""

    status = 409
    detail = "The import was cancelled. Nothing was changed."


class ImportIsOver(Problem):
    """So that nothing can be cancelled any more."""

    status = 409
    detail = "The import is over, or is being committed: it cannot be cancelled any more."


class NoRoom(Problem):
    """For what was sent, on this server's disk."""

    status = 507
    detail = "This server's disk has no room for the file. Nothing was changed: make room, and send it again."


class Busy(Problem):
    """No process for it, or as many at work as may be."""

    status, seconds = 503, 5
    detail = "The server has its hands full at the moment. Nothing was done; try again shortly."


class Stopping(Problem):
    status, seconds = 503, 1
    detail = "The server is stopping. Nothing was changed: send it again."


class UnsupportedMediaType(Problem):
    status = 415
    detail = "Send the body as JSON with the header Content-Type: application/json (charset utf-8)."


class IssuerUnavailable(Problem):
    """There are no keys of who issues access tokens, so that no token can be judged."""

    status = 503
    detail = "Access tokens cannot be checked at the moment: their issuer does not answer. Try again shortly."

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__()


class DatabaseUnavailable(Problem):
    """The database is away, frozen, saturated or has no schema yet. A write may or may not have happened."""

    status, seconds = 503, 1
    detail = "The database does not answer at the moment. Try again shortly."


class TooManyFollowers(Problem):
    status, seconds = 503, 5
    detail = "As many follow the changes as this server has room for. Try again shortly."
