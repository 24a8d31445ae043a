"""How many processors this process may keep busy."""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container: microseconds in each period, or `max` (cgroup v2, cpu.max)


def cores(quota: Path = _QUOTA) -> int:
    """At least one: those it may run on, and no more than its container is given time of."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(here, _granted(quota, here)))


def _granted(quota: Path, otherwise: int) -> int:
    words = quota.read_text().split() if quota.is_file() else []
    return int(words[0]) // int(words[1]) if len(words) == 2 and words[0].isdigit() else otherwise
