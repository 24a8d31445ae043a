"""json-server's dialect: everything it decides about a list. Pure: no database, no HTTP framework, no status code."""
