"""`python -m app.apart DESCRIPTOR`: do what the line there says, until the other end is closed. 0: it was done."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from select import select

from app.apart import exporting, importing
from app.apart.order import Order, Task, read
from app.logs import places
from app.resource.resource import Resource
from app.resources import RESOURCES

_SECOND = 1.0
_TASKS: Mapping[str, Callable[[Order, Sequence[Resource]], Task]] = {
    "export": exporting.Exporting,
    "import": importing.Importing,
}


def main(descriptor: int) -> int:
    """Whatever happens, nothing of a record is said: of a fault that nobody expected its type and place, to stderr."""
    os.nice(10)  # requests come first
    order = read(descriptor)
    task = _TASKS[order["task"]](order, RESOURCES)
    try:
        threading.Thread(target=_attend, args=(task, descriptor), daemon=True).start()
        return task.run()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # of any kind: Python would print its text, and a text may name a person
        print(places(error), file=sys.stderr)
        return 1


def _attend(task: Task, descriptor: int) -> None:
    while not select([descriptor], [], [], _SECOND)[0]:
        if not task.goes_on():
            break
    else:
        task.give_up()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
