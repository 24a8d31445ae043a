"""json-server's contract for declared resources, kept in PostgreSQL.

The product's names are here and nowhere else; what it serves has its own, in `resources`.
"""

__version__ = "0.1.0"
NAME = "Patients API"
PROGRAM = "patients-api"  # to PostgreSQL, and in names of directories
DATABASE = "patients"  # and its user, in every DATA_DIR there is
