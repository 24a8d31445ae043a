"""What an address means to a move: a list or a record that both sides have, something near those, or another's."""

from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

Kind = Literal["list", "record", "near", "other"]


class Target(NamedTuple):
    """`resource` is a declared one's path; `identity` a record's id as it is, not percent-encoded.

    Of any other address `resource` is its first part: in json-server, the collection's name.
    `near` is another spelling of such an address, or one below it: json-server 0.17 writes records there too
    (`/DOCTORS`, `/clinics/1/doctors`).
    """

    kind: Kind
    resource: str = ""
    identity: str = ""

    @property
    def both(self) -> bool:
        """Whether both sides serve it, and so are compared and kept level."""
        return self.kind in ("list", "record")


def target(path: str, resources: Mapping[str, object]) -> Target:
    """Of a path as it stands in a request line; `resources` by path."""
    parts = [unquote(part) for part in path.removesuffix("/").split("/")[1:]]
    if parts and parts[0] in resources and len(parts) < 3 and all(parts):
        return Target("record", parts[0], parts[1]) if len(parts) == 2 else Target("list", parts[0])
    folded = {name.casefold(): name for name in resources}
    near = next((folded[part.casefold()] for part in reversed(parts) if part.casefold() in folded), "")
    return Target("near", near) if near else Target("other", parts[0] if parts else "")


def record_path(resource: str, identity: str) -> str:
    return f"{list_path(resource)}/{quote(identity, safe='')}"


def list_path(resource: str) -> str:
    return f"/{quote(resource, safe='')}"
