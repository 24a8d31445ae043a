"""Who may connect: processes of the user who serves, as the kernel tells PostgreSQL (20.9, "Peer Authentication").

The socket's directory is closed to others, but for root PostgreSQL runs as `nobody`, and so may much else.
"""

import os
import pwd
from pathlib import Path

from app.embedded.errors import EmbeddedError


def admit_us(home: Path, role: str) -> dict[str, str]:
    """Settings of PostgreSQL under which only we, and root, are `role`; made anew at each start: who serves may change.

    `home` belongs to PostgreSQL's user, who may have put links there, and root must not write where they lead.
    """
    us = "".join(f'us "{name}" {role}\n' for name in dict.fromkeys((_our_name(), "root")))
    rules = {"hba_file": f"local all {role} peer map=us\n", "ident_file": us}
    for name, text in rules.items():
        (home / name).unlink(missing_ok=True)
        with (home / name).open("x") as file:  # O_EXCL: follows no link
            os.fchmod(file.fileno(), 0o644)
            file.write(text)
    return {name: str(home / name) for name in rules}


def _our_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise EmbeddedError(f"the user {os.geteuid()}, as whom this runs, has no name on this machine") from None
