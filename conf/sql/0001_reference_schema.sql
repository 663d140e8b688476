-- The tables of the reference implementation, names and types unchanged, so
-- that an existing production database can be taken over as it is: every
-- statement leaves what is already there alone.

CREATE TABLE IF NOT EXISTS projects (
    id             varchar(36)  NOT NULL PRIMARY KEY,
    userid         varchar(36)  NOT NULL,
    classid        varchar(36)  NOT NULL,
    typeid         smallint     NOT NULL,
    name           varchar(36)  NOT NULL,
    language       varchar(6),
    labels         varchar(500) NOT NULL,
    numfields      smallint     NOT NULL DEFAULT 0,
    iscrowdsourced boolean      DEFAULT false,
    fields         varchar(500)
);
CREATE INDEX IF NOT EXISTS projects_by_owner
    ON projects (id, userid, classid);
CREATE INDEX IF NOT EXISTS projects_by_class
    ON projects (classid, userid, iscrowdsourced);

CREATE TABLE IF NOT EXISTS localprojects (
    id      varchar(36)  NOT NULL PRIMARY KEY,
    userid  varchar(36)  NOT NULL,
    classid varchar(36)  NOT NULL,
    typeid  smallint     NOT NULL,
    name    varchar(36)  NOT NULL,
    labels  varchar(500) NOT NULL,
    expiry  timestamptz  NOT NULL
);
CREATE INDEX IF NOT EXISTS localprojects_by_user ON localprojects (userid);
CREATE INDEX IF NOT EXISTS localprojects_by_class ON localprojects (classid);

CREATE TABLE IF NOT EXISTS numbersprojectsfields (
    id        char(36)     NOT NULL PRIMARY KEY,
    userid    varchar(36)  NOT NULL,
    classid   varchar(36)  NOT NULL,
    projectid varchar(36)  NOT NULL,
    name      varchar(12)  NOT NULL,
    fieldtype smallint     NOT NULL,
    choices   varchar(125)
);
CREATE INDEX IF NOT EXISTS numbersprojectsfields_by_project
    ON numbersprojectsfields (userid, classid, projectid);

CREATE TABLE IF NOT EXISTS texttraining (
    id        char(36)      NOT NULL PRIMARY KEY,
    projectid varchar(36)   NOT NULL,
    textdata  varchar(1024) NOT NULL,
    label     varchar(100)
);
CREATE INDEX IF NOT EXISTS texttraining_by_project
    ON texttraining (projectid);
CREATE INDEX IF NOT EXISTS texttraining_by_label
    ON texttraining (projectid, label);

CREATE TABLE IF NOT EXISTS numbertraining (
    id         char(36)      NOT NULL PRIMARY KEY,
    projectid  varchar(36)   NOT NULL,
    numberdata varchar(1024) NOT NULL,
    label      varchar(100)
);
CREATE INDEX IF NOT EXISTS numbertraining_by_label
    ON numbertraining (projectid, label);

CREATE TABLE IF NOT EXISTS imagetraining (
    id        char(36)      NOT NULL PRIMARY KEY,
    projectid varchar(36)   NOT NULL,
    imageurl  varchar(1024) NOT NULL,
    label     varchar(100),
    isstored  boolean       DEFAULT false
);
CREATE INDEX IF NOT EXISTS imagetraining_by_project
    ON imagetraining (projectid);
CREATE INDEX IF NOT EXISTS imagetraining_by_label
    ON imagetraining (projectid, label, substr(imageurl, 250));

CREATE TABLE IF NOT EXISTS soundtraining (
    id        char(36)     NOT NULL PRIMARY KEY,
    projectid varchar(36)  NOT NULL,
    label     varchar(100),
    audiourl  varchar(185)
);
CREATE INDEX IF NOT EXISTS soundtraining_by_project
    ON soundtraining (projectid);
CREATE INDEX IF NOT EXISTS soundtraining_by_label
    ON soundtraining (projectid, label);

CREATE TABLE IF NOT EXISTS bluemixcredentials (
    id          varchar(36)  NOT NULL PRIMARY KEY,
    classid     varchar(36)  NOT NULL,
    servicetype varchar(8)   NOT NULL,
    url         varchar(200) NOT NULL,
    username    varchar(36),
    password    varchar(36),
    credstypeid smallint     NOT NULL,
    notes       varchar(50)
);
CREATE INDEX IF NOT EXISTS bluemixcredentials_by_class
    ON bluemixcredentials (classid, servicetype);

CREATE TABLE IF NOT EXISTS bluemixcredentialspool (
    id          varchar(36)  NOT NULL PRIMARY KEY,
    servicetype varchar(8)   NOT NULL,
    url         varchar(200) NOT NULL,
    username    varchar(36),
    password    varchar(36),
    credstypeid smallint     NOT NULL,
    notes       varchar(50)  NOT NULL,
    lastfail    timestamptz  NOT NULL
);
CREATE INDEX IF NOT EXISTS bluemixcredentialspool_by_lastfail
    ON bluemixcredentialspool (servicetype, lastfail);

CREATE TABLE IF NOT EXISTS bluemixclassifiers (
    id            varchar(36)  NOT NULL PRIMARY KEY,
    credentialsid varchar(36)  NOT NULL,
    userid        varchar(36)  NOT NULL,
    projectid     varchar(36)  NOT NULL,
    classid       varchar(36)  NOT NULL,
    servicetype   varchar(8)   NOT NULL,
    classifierid  varchar(52)  NOT NULL,
    url           varchar(200) NOT NULL,
    name          varchar(100),
    language      varchar(5),
    created       timestamptz  NOT NULL,
    expiry        timestamptz  NOT NULL
);
CREATE INDEX IF NOT EXISTS bluemixclassifiers_by_class
    ON bluemixclassifiers (classid);
CREATE INDEX IF NOT EXISTS bluemixclassifiers_by_owner
    ON bluemixclassifiers (projectid, userid, classid, classifierid);
CREATE INDEX IF NOT EXISTS bluemixclassifiers_by_project
    ON bluemixclassifiers (projectid, classifierid);
CREATE INDEX IF NOT EXISTS bluemixclassifiers_by_service
    ON bluemixclassifiers (servicetype, classifierid, projectid, classid, userid);

CREATE TABLE IF NOT EXISTS taxinoclassifiers (
    projectid varchar(36)  NOT NULL PRIMARY KEY,
    userid    varchar(36)  NOT NULL,
    classid   varchar(36)  NOT NULL,
    url       varchar(150) NOT NULL
);
CREATE INDEX IF NOT EXISTS taxinoclassifiers_by_user
    ON taxinoclassifiers (userid);
CREATE INDEX IF NOT EXISTS taxinoclassifiers_by_class
    ON taxinoclassifiers (classid);
CREATE INDEX IF NOT EXISTS taxinoclassifiers_by_project
    ON taxinoclassifiers (projectid, userid);

CREATE TABLE IF NOT EXISTS scratchkeys (
    id              char(72)     NOT NULL PRIMARY KEY,
    projectname     varchar(36)  NOT NULL,
    projecttype     varchar(8)   NOT NULL,
    serviceurl      varchar(200),
    serviceusername varchar(36),
    servicepassword varchar(36),
    classifierid    varchar(52),
    projectid       varchar(36)  NOT NULL,
    userid          varchar(36)  NOT NULL,
    classid         varchar(36)  NOT NULL,
    updated         timestamptz
);
CREATE INDEX IF NOT EXISTS scratchkeys_by_owner
    ON scratchkeys (projectid, userid, classid);
CREATE INDEX IF NOT EXISTS scratchkeys_by_classifier
    ON scratchkeys (classifierid, projectid);
CREATE INDEX IF NOT EXISTS scratchkeys_by_id
    ON scratchkeys (id, userid, projectid, classid);

CREATE TABLE IF NOT EXISTS tenants (
    id                    varchar(36) NOT NULL PRIMARY KEY,
    projecttypes          varchar(34) NOT NULL
                          DEFAULT 'text,imgtfjs,numbers,sounds',
    maxusers              smallint    NOT NULL DEFAULT 8,
    maxprojectsperuser    smallint    NOT NULL DEFAULT 3,
    textclassifiersexpiry smallint    NOT NULL DEFAULT 2,
    ismanaged             smallint    NOT NULL DEFAULT 2
);
INSERT INTO tenants (id, projecttypes, maxusers, maxprojectsperuser,
                     textclassifiersexpiry, ismanaged)
    VALUES ('session-users', 'text,imgtfjs,numbers,sounds', 5, 1, 4, 0)
    ON CONFLICT (id) DO NOTHING;

CREATE TABLE IF NOT EXISTS sessionusers (
    id            varchar(36) NOT NULL PRIMARY KEY,
    token         varchar(36) NOT NULL,
    sessionexpiry timestamptz
);

CREATE TABLE IF NOT EXISTS sitealerts (
    timestamp  timestamptz  NOT NULL PRIMARY KEY,
    severityid smallint     NOT NULL,
    audienceid smallint     NOT NULL,
    message    varchar(280) NOT NULL,
    url        varchar(280) NOT NULL,
    expiry     timestamptz  NOT NULL
);

CREATE TABLE IF NOT EXISTS pendingjobs (
    id          char(36)     NOT NULL PRIMARY KEY,
    jobtype     smallint     NOT NULL,
    jobdata     varchar(512) NOT NULL,
    attempts    smallint     NOT NULL DEFAULT 0,
    lastattempt timestamptz
);
