"""Patients API: json-server's contract for one resource, kept in PostgreSQL."""

__version__ = "0.1.0"
