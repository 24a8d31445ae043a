"""How many descriptors are asked for."""

from resource import RLIM_INFINITY

import pytest

from app.server.serving import descriptors


@pytest.mark.parametrize(
    ("soft", "hard", "asked"),
    [
        (256, RLIM_INFINITY, 10_240),  # macOS
        (1024, 1_048_576, 10_240),
        (1024, 4096, 4096),
        (65_536, 1_048_576, 65_536),
        (65_536, RLIM_INFINITY, 65_536),
        (RLIM_INFINITY, RLIM_INFINITY, RLIM_INFINITY),
    ],
)
def test_descriptors(soft: int, hard: int, asked: int) -> None:
    assert descriptors(soft, hard) == asked
