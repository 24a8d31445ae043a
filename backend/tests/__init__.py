"""Proof, room by room: tables of input and answer, on real PostgreSQL and real processes."""
