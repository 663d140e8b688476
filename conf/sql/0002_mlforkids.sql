-- Our own tables, beside those of the reference implementation.

-- Secrets that every process of the service shares.  The session secret signs
-- the tokens of visitors ("try it now"); it is made once, by the database.
CREATE TABLE mlforkids_secrets (
    name  varchar(36) NOT NULL PRIMARY KEY,
    value bytea       NOT NULL
);
INSERT INTO mlforkids_secrets (name, value)
    VALUES ('session-users',
            uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- Models of the built-in text classifier: at most one a project.
--   id          what clients call "classifierid"; stays while the model lives
--   status      Training, Available or Failed
--   reason      why training failed, in words for a child
--   generation  names the bytes in "model": a new one for each training, so
--               that a cache keyed by it never goes stale; NULL until the
--               first training succeeded.  The old model answers until a new
--               one takes its place.
CREATE TABLE mlforkids_textmodels (
    projectid  varchar(36)  NOT NULL PRIMARY KEY,
    id         varchar(36)  NOT NULL UNIQUE,
    userid     varchar(36)  NOT NULL,
    classid    varchar(36)  NOT NULL,
    name       varchar(100) NOT NULL,
    language   varchar(6)   NOT NULL,
    status     varchar(12)  NOT NULL
               CHECK (status IN ('Training', 'Available', 'Failed')),
    reason     varchar(280),
    created    timestamptz  NOT NULL,
    updated    timestamptz  NOT NULL,
    expiry     timestamptz  NOT NULL,
    generation uuid,
    model      bytea,
    CHECK ((generation IS NULL) = (model IS NULL))
);
-- model files are dense already: storing them uncompressed saves the time
ALTER TABLE mlforkids_textmodels ALTER COLUMN model SET STORAGE EXTERNAL;
CREATE INDEX mlforkids_textmodels_by_class ON mlforkids_textmodels (classid);
CREATE INDEX mlforkids_textmodels_by_user ON mlforkids_textmodels (userid);
CREATE INDEX mlforkids_textmodels_by_expiry ON mlforkids_textmodels (expiry);

-- The job queue.  A row is claimed with FOR UPDATE SKIP LOCKED, is leased to
-- one worker until lease_until, and is claimable again when the lease ran out.
--   kind     what is to be done, for example 'text'
--   subject  what it is done to, for example a project's id; at most one
--            unfinished job for each (kind, subject)
--   again    asked for once more while it ran: run it again when it is done
--   run_at   not before this time (back-off after a failure)
CREATE TABLE mlforkids_jobs (
    id          uuid        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    kind        varchar(20) NOT NULL,
    subject     varchar(80) NOT NULL,
    payload     jsonb,
    state       varchar(8)  NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    again       boolean     NOT NULL DEFAULT false,
    attempts    smallint    NOT NULL DEFAULT 0,
    created     timestamptz NOT NULL DEFAULT now(),
    run_at      timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    worker      varchar(80),
    error       varchar(280),
    finished    timestamptz
);
CREATE UNIQUE INDEX mlforkids_jobs_active
    ON mlforkids_jobs (kind, subject) WHERE state IN ('waiting', 'running');
CREATE INDEX mlforkids_jobs_claimable
    ON mlforkids_jobs (kind, run_at) WHERE state IN ('waiting', 'running');
CREATE INDEX mlforkids_jobs_finished
    ON mlforkids_jobs (finished) WHERE state IN ('done', 'dead');
