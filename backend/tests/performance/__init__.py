"""The benchmark's own sanity. Speed itself is measured by `make bench`, on a quiet machine."""
