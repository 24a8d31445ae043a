"""Imports that are asked for over HTTP: each is a row that says how far it is, and what became of it. Knows no HTTP.

`tables` has the rows, `rows` what is said to them by the process that works (`app/apart`), `jobs` what the server does.
"""
