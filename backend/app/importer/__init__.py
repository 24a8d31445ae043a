"""db.json -> PostgreSQL: read, check, load, verify, report. Knows no HTTP.

`run.import_file` is the door. A file passes through the modules in this order:

    files       the source, opened and watched; the report and the rejects
    source      a stream of any size as a moving window; its faults, placed
    document    db.json's shape: the elements of `patients`, the other collections
    ordinary    most records, proven good by one regular expression
    check       every other record, by the API's own rules; `salvage` for one that cannot be kept as it is
    spool       the good ones, in temporary files; what may repeat a key (`seen`) waits aside
    load        one transaction, one COPY, under the table's lock: until here nobody has waited
    settle      what waited: in after all, unchanged, duplicate or conflict, told apart by SQL
    replace     --replace: what the file does not have just so goes before, and the file's order is the table's after
    verify      what the table holds now is what the file said
    report      totals, status, the JSON report; `entries` in their `journal`; `rejects`
    console     the same for people: progress and summary

On the way back `frame` keeps what else a db.json has. Beneath them: `json_text` (where values end, as bytes), `place`
(lines, columns, pointers), `table` (names for SQL), `connection`.
"""
