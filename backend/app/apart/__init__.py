"""What the server has done in a process of its own, so that pages go on as if nothing were: an import, an export.

The server writes what is to be done, as a line of JSON, to a pipe that it holds open. When that is closed, for the
server has been stopped or is gone, the process gives up.
"""
