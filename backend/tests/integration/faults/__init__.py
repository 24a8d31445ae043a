"""The torture suite: the real server and a real PostgreSQL, killed, frozen, flooded, raced and fed with nonsense.

`make test` runs it in its short form, `make torture` (TORTURE=1) in its long one.
"""
