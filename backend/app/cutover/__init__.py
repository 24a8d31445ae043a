"""One process in front of a json-server and of this server, while a team moves from the one to the other.

It is a program of its own: it has no database, nothing else imports it, and after the move nothing of it is in any
request's way. The json-server is called `old`, this server `new`, everywhere.
"""
