"""`make bench`: this server beside json-server, a Fastify service and the limits of its own parts. No part of the app.

__main__    the command line: what is measured, in which order
patients    made-up patients, the same for everyone: db.json and table
scenarios   the table of what is asked
contenders  the table of who is asked: processes, their start and their memory
answers     nobody is timed before everybody's answers agree
migration   a program of its own: the import of a db.json beside `\\copy`
load        wrk, or autocannon where there is none
limits      the two limits: bytes from memory through uvicorn, statements without HTTP
report      medians, ratios, a table, JSON
"""
