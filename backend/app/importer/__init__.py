"""db.json -> PostgreSQL: read, check, stage, settle, verify, report. Knows no HTTP.

`run.import_file` is the door. A file passes through the modules in this order:

    files       the source, opened and watched; the report and the rejects
    source      a stream of any size as a moving window; its faults, placed
    document    db.json's shape: the elements of the declared collections, the names of the others
    plain       most records, many in one look, by pydantic-core; and what a row for COPY is
    check       every other record, by the API's own rules; `salvage` for one that cannot be kept as it is
    reading     all of these for one collection: good rows are spooled, the others told. Until here nobody has waited
    stage       one transaction; each collection's rows in a temporary table by one COPY, then the locks
    settle      into the table as far as keys are free; the rest unchanged, duplicate or conflict; verified in SQL
    replace     --replace: what the file does not have just so goes before, and the file's order is the table's after
    report      totals, status, the JSON report; `entries` in their `journal`; `rejects`
    console     the same for people: progress and summary

On the way back `frame` keeps what else a db.json has. Beneath them: `json_text` (where values end, as bytes), `place`
(lines, columns, pointers), `connection`.
"""
