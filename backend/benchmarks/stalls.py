"""`python -m benchmarks.stalls`: p50 and p99 of POST and PATCH, window by window for a minute. Ends with 1 on a stall.

What a run of a second or three hardly meets, a write that waits for what others left to do, is met here.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks import contenders, load, patients
from benchmarks.contenders import World
from benchmarks.load import Sample
from benchmarks.measuring import cluster, database
from benchmarks.scenarios import SCENARIOS, UNIQUE, Request, requests_of

CONNECTIONS = 16
MOST = 5.0  # times the p50
_SIZES = (10_000, 100_000)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stalls", description=__doc__)
    parser.add_argument("--window", type=int, default=10, metavar="SECONDS")
    parser.add_argument("--windows", type=int, default=6, metavar="NUMBER")
    options = parser.parse_args()
    ratios = [_told(*one) for one in series(options.windows, options.window)]
    return int(max(ratios) > MOST)


def series(windows: int, seconds: int) -> Iterator[tuple[str, int, list[Sample]]]:
    """(scenario, patients, its windows) of each, on a database and a server of its own."""
    with cluster() as (dsn, folder):
        for scenario in (one for one in SCENARIOS if one.writes):
            for size in _SIZES:
                data, own = patients.make(size), database(dsn, f"stalls_{scenario.name.lower()}_{size}")
                patients.copy_into(own, data)
                world = World(folder, own, own, folder / "db.json", folder / "answers.json")
                file = load.write(_changing(requests_of(scenario, data)), folder / f"{scenario.name}.txt")
                with contenders.running("ours", world, f"/patients/{data[0]['id']}") as server:
                    yield (
                        scenario.name,
                        size,
                        [load.run(server.url, file, CONNECTIONS, seconds) for _ in range(windows)],
                    )


def _changing(requests: Sequence[Request]) -> list[Request]:
    """Each PATCH gives a text that was never there: one that changes no index leaves nothing to do."""
    body = json.dumps({"medicalCondition": f"Checked {UNIQUE}"})
    return [one._replace(body=body) if one.method == "PATCH" else one for one in requests]


def _told(scenario: str, size: int, samples: list[Sample]) -> float:
    """Prints them; how many times the p50 the p99 was, in the median of the windows."""
    found = median(sample.p99 / sample.p50 for sample in samples)
    shown = "  ".join(f"{sample.p50:.1f}/{sample.p99:.1f}" for sample in samples)
    rate = median(sample.rate for sample in samples)
    print(f"{scenario} {size:>7,}: {rate:,.0f} a second, p50/p99 ms {shown}: {found:.1f} times", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
