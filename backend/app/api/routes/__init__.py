"""The addresses this server answers."""
