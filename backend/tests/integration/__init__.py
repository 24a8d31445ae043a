"""On real PostgreSQL, and the real server process."""
