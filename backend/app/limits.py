"""What one client may take of this server: the fixed limits, in one place.

Those that a deployment may want otherwise are settings: MAX_BODY_BYTES, MAX_BODIES_BYTES, MAX_CONNECTIONS,
KEEP_ALIVE, RECEIVE_TIMEOUT, DB_DEADLINE, DB_POOL_SIZE.
"""

# A request's head.
HEAD_BYTES = 32 * 1024  # request line and header fields together; Node has 16 KiB, nginx 32
FIELD_COST = 32  # bytes a header field takes beside its text, so that many empty ones count too

# A refusal.
FAULTS = 20  # faults one answer names; a body can hold more than anyone reads

# A body.
SMALL_BYTES = 4 * 1024  # of each connection count not among the bodies under way: a record is taken when these are full

RESTORING = 1024  # bytes of one that names a version; more than its number ever takes

# A record.
NAME_LENGTH = 1_000  # characters of the name of a field that is not declared: pages show it, and refusals say it

# A connection, in seconds.
KEEP_ALIVE = 5  # open without a request; Node's default too
PROXY_KEEP_ALIVE = 75  # from a proxy, which must be the first to close it; nginx and most platforms keep one for 60
SHARED_REQUESTS = 1_000  # on one, where others serve too: a new one of them gets its share; nginx's keepalive_requests
LINGER = 2.0  # read on after a refusal, so that the client that still sends can read it

# A list, in bytes, estimated from what PostgreSQL stores: ROW_BYTES for the fields of a record that are limited, beside
# them the size of the others and of the undeclared ones; and so for each record that one embeds.
ROW_BYTES = 256
COMPRESSED = 8  # times the size of a record whose undeclared fields PostgreSQL has compressed
LIST_BYTES = 12_000 * ROW_BYTES  # up to here one statement, one snapshot, one answer with an ETag; above it parts
PART_BYTES = 500 * ROW_BYTES  # of such a list: all of it that is in memory for one client

SHARED_BYTES = 32 * 1024  # of a record whose readers share a round trip with others'; a larger one is read alone

# A list that is quick, and so not among those that may take half of the connections.
QUICK_RECORDS = 1_000  # to the end of its page
QUICK_VALUES = 4  # it is filtered by; PostgreSQL counts all that match

SEEN = 1_000  # names of undeclared fields that lists remember to look for

# A picture of a list.
SAMPLE = 10_000  # records that are counted

# A list's query.
PARAMETERS = 1_000  # of one request, and values of one of them
FILTERS = 64  # tests in one statement; a frontend's richest form has a dozen
SORT_KEYS = 16
WHERE_DEPTH = 20  # nesting of `_where`
RELATIONS = 16  # embedded or expanded in one request
PATTERNS = 8  # alternatives of one `_like`
PATTERN_LENGTH = 1_000  # characters of one

SIMILAR_LENGTH = 255  # characters of one `:similar`
RANKED = 10_000  # records, in list order, that `_score` looks at; those behind them are sorted as if they had none

# What of a `_like` is a regular expression; above it is text to search for.
PATTERN_STATES = 200  # atoms of a pattern once every {n,m} is written out: PostgreSQL's automaton grows with them
PATTERN_WAYS = 10_000  # past its anchors, times the square of what may be left out: PostgreSQL may build so many arcs
PATTERN_REPEAT = 255  # PostgreSQL's own limit of {n,m} (9.7.3.1)

# Imports over HTTP.
IMPORTS_LISTED = 50  # that are listed
IMPORT_SILENCE = 15.0  # seconds after which one that nobody has worked on is lost; who works on it says so each second
IMPORT_DAYS = 7  # that it is kept, with its report and the rejected records
IMPORT_RATE = 1024  # bytes a second that must arrive of its file, on average over a RECEIVE_TIMEOUT

# An export over HTTP.
EXPORTS = 2  # at once
EXPORT_SECONDS = 1800.0  # one may take: as long as it runs PostgreSQL keeps what others delete

# The feed of changes.
CHANGES = 500  # of one page, where a request does not say
CHANGES_MOST = 1_000
WAIT = 50.0  # seconds that a request waits for a change at most; many proxies give up after 60
STREAMS = 1_000  # that follow at once
STREAM_BYTES = 64 * 1024  # of changes on their way to one of them
STREAM_SECONDS = 600.0  # that one lasts, a tenth more or less: a client goes on with the next
HEARTBEAT = 15.0  # seconds without a change
RETRY = 3.0  # seconds after which a client comes back
RECENT = 2_000  # changes that are kept for those who follow
RECENT_BYTES = 8 << 20

# The cutover, in front of both servers.
RELAYED_BYTES = 4 << 20  # of a body, that is read whole before it goes on; a larger one goes on as it comes
SHADOWS = 32  # requests to the other side at once that only compare; more are left out, and counted
