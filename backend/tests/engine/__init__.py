"""The engine on resources of its own: every kind of field, and shapes that nobody made for it."""
