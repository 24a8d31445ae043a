"""Patients API: json-server's contract for declared resources, kept in PostgreSQL."""

__version__ = "0.1.0"
