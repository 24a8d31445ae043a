"""Which records may repeat an earlier key: a bitmap of hashes, of one size for any number of keys.

"No" is certain, "maybe" is for the database to settle. At 5 million records one in seven is a maybe.
"""

_BITS = 26  # 8 MiB
_MASK = (1 << _BITS) - 1


class Seen:
    """The keys that were given: `any` says whether there is one. Without, it takes no memory."""

    def __init__(self) -> None:
        self._bitmap = bytearray()

    @property
    def any(self) -> bool:
        return bool(self._bitmap)

    def before(self, record_id: bytes, patient_id: bytes) -> bool:
        """Whether one of these keys may have been given before. They have been from now on."""
        self._bitmap = self._bitmap or bytearray(1 << (_BITS - 3))
        known = self._mark(hash(record_id))
        return self._mark(hash((patient_id,))) or known

    def has(self, record_id: bytes, patient_id: bytes) -> bool:
        """Whether one of these keys may have been given."""
        return self.any and (self._marked(hash(record_id)) or self._marked(hash((patient_id,))))

    def _mark(self, key: int) -> bool:
        place, bit = (key & _MASK) >> 3, 1 << (key & 7)
        known = self._bitmap[place] & bit
        self._bitmap[place] |= bit
        return bool(known)

    def _marked(self, key: int) -> bool:
        return bool(self._bitmap[(key & _MASK) >> 3] & 1 << (key & 7))
