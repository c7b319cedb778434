-- One ledger, in a schema of its own. The exact bytes of a record are in `line`; everything else can be
-- recomputed from them, except the signatures.
CREATE TABLE layout (
    version int NOT NULL
);
INSERT INTO layout VALUES (1);
CREATE TABLE head (
    one        int PRIMARY KEY CHECK (one = 1),
    size       bigint NOT NULL,
    frontier   bytea NOT NULL,
    clock      bigint,
    checkpoint text NOT NULL
);
CREATE TABLE records (
    position bigint PRIMARY KEY,
    line     text NOT NULL,
    hash     bytea NOT NULL
);
CREATE TABLE nodes (
    level int NOT NULL,
    place bigint NOT NULL,
    hash  bytea NOT NULL,
    PRIMARY KEY (level, place)
);
CREATE TABLE checkpoints (
    size bigint PRIMARY KEY,
    note text NOT NULL
);
CREATE TABLE streams (
    name    text PRIMARY KEY,
    version bigint NOT NULL
);
CREATE TABLE leases (
    name       text PRIMARY KEY,
    holder     text NOT NULL,
    token      bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE snapshots (
    name  text PRIMARY KEY,
    bytes bytea NOT NULL
);
-- An erased body is a row without bytes.
CREATE TABLE bodies (
    digest bytea PRIMARY KEY,
    bytes  bytea
);
