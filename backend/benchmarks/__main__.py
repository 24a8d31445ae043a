"""`python -m benchmarks`: measures all servers side by side and prints the table. Ends with 1 if answers are wrong."""

import argparse
import sys
from pathlib import Path

from benchmarks import heavy, load, pictures, report
from benchmarks.load import WrongAnswers
from benchmarks.measuring import FULL, QUICK, measure


def main() -> int:
    options = _options()
    command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    cost = {"heavy_list_python_ms": round(heavy.python_ms(), 2)}
    about = {**report.machine(), **cost, "generator": load.name(), "command": command}
    try:
        cells, facts = measure(QUICK if options.quick else FULL)
    except WrongAnswers as error:
        print(f"Wrong answers, nothing is worth measuring. {error}", file=sys.stderr)
        return 1
    print(report.table(cells, facts))
    print(f"\nPython's part of one heavy list: {about['heavy_list_python_ms']} ms")
    options.json.write_text(report.as_json(cells, facts, about))
    drawn = [] if options.quick else pictures.draw(cells, options.pictures)
    print("\nWritten to", ", ".join(map(str, [options.json, *drawn])))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 patients, one round: below 90 seconds")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="where the figures go")
    parser.add_argument("--pictures", type=Path, default=Path(), metavar="FOLDER", help="where they go; none if quick")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
