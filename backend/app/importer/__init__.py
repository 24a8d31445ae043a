"""db.json -> PostgreSQL: read, check, load, verify, report. Knows no HTTP.

`run.import_file` is the door. A file passes through the modules in this order:

    json_text   where values of a JSON text end, as bytes; builds nothing
    place       lines, columns and pointers
    source      a stream of any size as a moving window; its faults, placed
    document    db.json's shape: the elements of `patients`, the other collections
    ordinary    most records, proven good by one regular expression
    check       every other record, by the API's own rules
    seen        which records may repeat an earlier key
    load        COPY into the table; suspects aside, settled in SQL
    verify      what the table holds now is what the file said
    entries     what the report says of one record
    report      totals, status, the JSON report, the rejects file
    console     the same for people: progress and summary
"""
