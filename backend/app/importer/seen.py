"""Which records may repeat an earlier key: a bitmap of hashes, of one size for any file.

"No" is certain, "maybe" is for the database to settle. At 5 million records one in seven is a maybe.
"""

_BITS = 26  # 8 MiB
_MASK = (1 << _BITS) - 1


class Seen:
    def __init__(self) -> None:
        self._bitmap = bytearray(1 << (_BITS - 3))

    def before(self, record_id: bytes, patient_id: bytes) -> bool:
        """Whether one of these keys may have been given before. They have been from now on."""
        known = self._mark(hash(record_id))
        return self._mark(hash((patient_id,))) or known

    def _mark(self, key: int) -> bool:
        place, bit = (key & _MASK) >> 3, 1 << (key & 7)
        known = self._bitmap[place] & bit
        self._bitmap[place] |= bit
        return bool(known)
