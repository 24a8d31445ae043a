"""`python -m benchmarks`: measures all servers side by side and prints the table. Ends with 1 if answers are wrong."""

import argparse
import sys
from pathlib import Path

from benchmarks import load, report
from benchmarks.load import WrongAnswers
from benchmarks.measuring import FULL, QUICK, measure


def main() -> int:
    options = _options()
    about = {**report.machine(), "generator": load.name(), "command": " ".join(["python -m benchmarks", *sys.argv[1:]])}
    try:
        cells, facts = measure(QUICK if options.quick else FULL)
    except WrongAnswers as error:
        print(f"Wrong answers, nothing is worth measuring. {error}", file=sys.stderr)
        return 1
    print(report.table(cells, facts))
    options.json.write_text(report.as_json(cells, facts, about))
    print(f"\nWritten to {options.json}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 patients, one round: below 90 seconds")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
