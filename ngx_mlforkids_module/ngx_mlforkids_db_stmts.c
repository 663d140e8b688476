/*
 * All SQL of the module.  Parameters are text; the database infers their types
 * from where they stand.  Each statement of a batch has a snapshot of its own,
 * so one that locks may be followed by one that counts.
 */

#include "ngx_mlforkids_db.h"


#define STMT(id)   [NGX_MLFORKIDS_STMT_##id]
#define READ       NGX_MLFORKIDS_DB_READ
#define WRITE      NGX_MLFORKIDS_DB_WRITE
#define BULK       NGX_MLFORKIDS_DB_BULK

/* a time as in the API: ISO 8601, UTC, milliseconds */
#define TIME(t)                                                               \
    "to_char(" t " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* a job that removes one stored object, whose address tells its key */
#define OBJECT_JOB(url)                                                       \
    "gen_random_uuid()::text, 1, json_build_object("                          \
    "'classid', split_part(" url ", '/', 4), "                                \
    "'userid', split_part(" url ", '/', 6), "                                 \
    "'projectid', projectid, 'objectid', id)::text"


const ngx_mlforkids_stmt_t  ngx_mlforkids_stmts[] = {

    /* access checks */

    STMT(SESSION_AUTH) = { "session_auth",
        "SELECT s.token, s.sessionexpiry >= now(), encode(k.value, 'hex') "
        "FROM sessionusers s, mlforkids_secrets k "
        "WHERE s.id = $1 AND k.name = 'session-users'",
        1, READ },

    STMT(PROJECT_GET) = { "project_get",
        "SELECT id, userid, classid, typeid, name, coalesce(language, ''), "
        "labels, numfields, coalesce(iscrowdsourced, false) "
        "FROM projects WHERE id = $1",
        1, READ },

    STMT(LOCAL_GET) = { "local_get",
        "SELECT id, userid, classid, typeid, name, labels, "
        TIME("expiry") " FROM localprojects WHERE id = $1",
        1, READ },

    STMT(KEY_GET) = { "key_get",
        "SELECT k.id, k.projectname, k.projecttype, k.classifierid, "
        "k.serviceurl, " TIME("k.updated") ", "
        "k.projectid, k.userid, k.classid, "
        "coalesce(p.typeid, l.typeid), coalesce(p.name, l.name), "
        "coalesce(p.language, ''), coalesce(p.labels, l.labels), "
        "coalesce(p.numfields, 0), coalesce(p.iscrowdsourced, false), "
        "p.id IS NULL, " TIME("l.expiry") " "
        "FROM scratchkeys k LEFT JOIN projects p ON p.id = k.projectid "
        "LEFT JOIN localprojects l ON l.id = k.projectid "
        "WHERE k.id = $1",
        1, READ },

    STMT(TENANT_GET) = { "tenant_get",
        "SELECT projecttypes, maxusers, maxprojectsperuser, "
        "textclassifiersexpiry, ismanaged FROM tenants WHERE id = $1",
        1, READ },

    /* policy */

    STMT(POLICY_MODELS) = { "policy_models",
        "SELECT coalesce(sum(CASE WHEN credstypeid = 2 THEN 20 ELSE 5 END), 0)"
        " FROM bluemixcredentials WHERE classid = $1 AND servicetype = 'conv'",
        1, READ },

    STMT(POLICY_EXPIRY) = { "policy_expiry",
        "INSERT INTO tenants (id, projecttypes, maxusers, maxprojectsperuser, "
        "textclassifiersexpiry, ismanaged) "
        "VALUES ($1, 'text,imgtfjs,numbers,sounds', 31, 3, $2, 0) "
        "ON CONFLICT (id) DO UPDATE "
        "SET textclassifiersexpiry = excluded.textclassifiersexpiry "
        "RETURNING projecttypes, maxusers, maxprojectsperuser, "
        "textclassifiersexpiry, ismanaged",
        2, WRITE },

    /* projects */

    STMT(PROJECTS_LIST) = { "projects_list",
        "SELECT id, userid, classid, typeid, name, coalesce(language, ''), "
        "labels, 0, coalesce(iscrowdsourced, false) FROM projects "
        "WHERE classid = $1 AND (userid = $2 OR iscrowdsourced) "
        "ORDER BY lower(name), id LIMIT 1000",
        2, READ },

    STMT(PROJECTS_COUNT) = { "projects_count",
        "SELECT count(*) FROM projects WHERE classid = $1 AND userid = $2",
        2, READ },

    STMT(PROJECTS_LOCK_OWNER) = { "projects_lock_owner",
        "SELECT pg_advisory_xact_lock("
        "hashtextextended('projects of ' || $1 || '/' || $2, 0))",
        2, WRITE },

    /* id, class, user, type, name, language, labels, fields, shared, limit;
     * a visitor who is gone by now gets none */
    STMT(PROJECTS_INSERT) = { "projects_insert",
        "INSERT INTO projects (id, classid, userid, typeid, name, language, "
        "labels, numfields, iscrowdsourced) "
        "SELECT $1, $2::text, $3::text, $4::smallint, $5, $6, $7, "
        "$8::smallint, $9::boolean WHERE (SELECT count(*) FROM projects "
        "WHERE classid = $2::text AND userid = $3::text) < $10::bigint "
        "AND ($2::text <> 'session-users' OR EXISTS ("
        "SELECT 1 FROM sessionusers WHERE id = $3::text)) "
        "RETURNING id",
        10, WRITE },

    /* id, class, user, array of {id, name, type, choices} */
    STMT(PROJECTS_INSERT_FIELDS) = { "projects_insert_fields",
        "INSERT INTO numbersprojectsfields (id, projectid, classid, userid, "
        "name, fieldtype, choices) "
        "SELECT f.id, $1::text, $2, $3, f.name, f.type, f.choices "
        "FROM json_to_recordset($4::json) "
        "AS f (id text, name text, type smallint, choices text) "
        "WHERE EXISTS (SELECT 1 FROM projects WHERE id = $1::text)",
        4, WRITE },

    STMT(PROJECTS_FIELDS) = { "projects_fields",
        "SELECT id, userid, classid, projectid, name, fieldtype, "
        "coalesce(choices, '') FROM numbersprojectsfields "
        "WHERE projectid = $1 AND classid = $2 AND userid = $3 ORDER BY id",
        3, READ },

    STMT(PROJECTS_SHARE) = { "projects_share",
        "UPDATE projects SET iscrowdsourced = $2::boolean WHERE id = $1 "
        "AND coalesce(iscrowdsourced, false) <> $2::boolean",
        2, WRITE },

    /* for what must not run beside the project's deletion, or another change
     * of what belongs to it */
    STMT(PROJECTS_LOCK) = { "projects_lock",
        "SELECT id FROM projects WHERE id = $1 FOR UPDATE",
        1, WRITE },

    /* stored objects of pictures and sounds are removed by a job */
    STMT(PROJECTS_DELETE) = { "projects_delete",
        "WITH gone AS (DELETE FROM projects WHERE id = $1 "
        "RETURNING id, classid, userid, typeid), "
        "t1 AS (DELETE FROM localprojects WHERE id = $1), "
        "t2 AS (DELETE FROM numbersprojectsfields WHERE projectid = $1), "
        "t3 AS (DELETE FROM texttraining WHERE projectid = $1), "
        "t4 AS (DELETE FROM numbertraining WHERE projectid = $1), "
        "t5 AS (DELETE FROM imagetraining WHERE projectid = $1), "
        "t6 AS (DELETE FROM soundtraining WHERE projectid = $1), "
        "t7 AS (DELETE FROM bluemixclassifiers WHERE projectid = $1), "
        "t8 AS (DELETE FROM taxinoclassifiers WHERE projectid = $1), "
        "t9 AS (DELETE FROM scratchkeys WHERE projectid = $1), "
        "m AS (DELETE FROM mlforkids_textmodels WHERE projectid = $1), "
        "j AS (DELETE FROM mlforkids_jobs "
        "WHERE subject = $1 AND state = 'waiting') "
        "INSERT INTO pendingjobs (id, jobtype, jobdata) "
        "SELECT gen_random_uuid()::text, 2, json_build_object("
        "'classid', classid, 'userid', userid, 'projectid', id)::text "
        "FROM gone WHERE typeid IN (3, 4, 5)",
        1, BULK },

    /* labels */

    /* compare and swap: id, old list, new list; a row: done */
    STMT(LABELS_CHANGE) = { "labels_change",
        "UPDATE projects SET labels = $3 WHERE id = $1 AND labels = $2 "
        "RETURNING id",
        3, WRITE },

    STMT(LABELS_REPLACE) = { "labels_replace",
        "UPDATE projects SET labels = $2 WHERE id = $1",
        2, WRITE },

    /* id, label, list that the project must have by now */
    STMT(LABELS_DELETE_ITEMS) = { "labels_delete_items",
        "WITH ok AS (SELECT 1 FROM projects WHERE id = $1 AND labels = $3), "
        "t AS (DELETE FROM texttraining WHERE projectid = $1 "
        "AND label = $2 AND EXISTS (SELECT 1 FROM ok)), "
        "n AS (DELETE FROM numbertraining WHERE projectid = $1 "
        "AND label = $2 AND EXISTS (SELECT 1 FROM ok)), "
        "i AS (DELETE FROM imagetraining WHERE projectid = $1 "
        "AND label = $2 AND EXISTS (SELECT 1 FROM ok) "
        "RETURNING id, projectid, imageurl, isstored), "
        "s AS (DELETE FROM soundtraining WHERE projectid = $1 "
        "AND label = $2 AND EXISTS (SELECT 1 FROM ok) "
        "RETURNING id, projectid, audiourl) "
        "INSERT INTO pendingjobs (id, jobtype, jobdata) "
        "SELECT " OBJECT_JOB("imageurl") " FROM i WHERE isstored "
        "UNION ALL SELECT " OBJECT_JOB("audiourl") " FROM s",
        3, WRITE },

    STMT(LABELS_COUNT) = { "labels_count",
        "SELECT label, count(*) FROM ("
        "SELECT label FROM texttraining WHERE projectid = $1 UNION ALL "
        "SELECT label FROM numbertraining WHERE projectid = $1 UNION ALL "
        "SELECT label FROM imagetraining WHERE projectid = $1 UNION ALL "
        "SELECT label FROM soundtraining WHERE projectid = $1) items "
        "WHERE label IS NOT NULL GROUP BY label",
        1, READ },

    STMT(LABELS_RENAME) = { "labels_rename",
        "WITH n AS (UPDATE numbertraining SET label = $3 "
        "WHERE projectid = $1 AND label = $2), "
        "i AS (UPDATE imagetraining SET label = $3 "
        "WHERE projectid = $1 AND label = $2), "
        "s AS (UPDATE soundtraining SET label = $3 "
        "WHERE projectid = $1 AND label = $2) "
        "UPDATE texttraining SET label = $3 "
        "WHERE projectid = $1 AND label = $2",
        3, WRITE },

    /* training */

    /* first of a batch that counts and inserts */
    STMT(TRAINING_LOCK) = { "training_lock",
        "SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE",
        1, WRITE },

    /* id, project, text, label or NULL; a row: stored */
    STMT(TRAINING_ADD_TEXT) = { "training_add_text",
        "INSERT INTO texttraining (id, projectid, textdata, label) "
        "SELECT $1, p.id, $3, $4 FROM projects p WHERE p.id = $2 "
        "AND (SELECT count(*) FROM texttraining WHERE projectid = $2) < 500 "
        "RETURNING id",
        4, WRITE },

    STMT(TRAINING_ADD_NUMBERS) = { "training_add_numbers",
        "INSERT INTO numbertraining (id, projectid, numberdata, label) "
        "SELECT $1, p.id, $3, $4 FROM projects p WHERE p.id = $2 "
        "AND (SELECT count(*) FROM numbertraining WHERE projectid = $2) "
        "< CASE WHEN p.iscrowdsourced THEN 3000 ELSE 1000 END "
        "RETURNING id",
        4, WRITE },

    /* project, limit, offset */
    STMT(TRAINING_LIST_TEXT) = { "training_list_text",
        "SELECT id, textdata, label FROM texttraining WHERE projectid = $1 "
        "ORDER BY label, id LIMIT $2 OFFSET $3",
        3, READ },

    STMT(TRAINING_LIST_NUMBERS) = { "training_list_numbers",
        "SELECT id, numberdata, label FROM numbertraining "
        "WHERE projectid = $1 ORDER BY label, id LIMIT $2 OFFSET $3",
        3, READ },

    STMT(TRAINING_LIST_IMAGES) = { "training_list_images",
        "SELECT id, imageurl, label, coalesce(isstored, false) "
        "FROM imagetraining WHERE projectid = $1 "
        "ORDER BY label, imageurl, id LIMIT $2 OFFSET $3",
        3, READ },

    STMT(TRAINING_LIST_SOUNDS) = { "training_list_sounds",
        "SELECT id, audiourl, label FROM soundtraining WHERE projectid = $1 "
        "ORDER BY label, id LIMIT $2 OFFSET $3",
        3, READ },

    STMT(TRAINING_COUNT) = { "training_count",
        "SELECT (SELECT count(*) FROM texttraining WHERE projectid = $1) "
        "+ (SELECT count(*) FROM numbertraining WHERE projectid = $1) "
        "+ (SELECT count(*) FROM imagetraining WHERE projectid = $1) "
        "+ (SELECT count(*) FROM soundtraining WHERE projectid = $1)",
        1, READ },

    STMT(TRAINING_DELETE) = { "training_delete",
        "WITH t AS (DELETE FROM texttraining WHERE projectid = $1 "
        "AND id = $2), "
        "n AS (DELETE FROM numbertraining WHERE projectid = $1 AND id = $2), "
        "i AS (DELETE FROM imagetraining WHERE projectid = $1 AND id = $2 "
        "RETURNING id, projectid, imageurl, isstored), "
        "s AS (DELETE FROM soundtraining WHERE projectid = $1 AND id = $2 "
        "RETURNING id, projectid, audiourl) "
        "INSERT INTO pendingjobs (id, jobtype, jobdata) "
        "SELECT " OBJECT_JOB("imageurl") " FROM i WHERE isstored "
        "UNION ALL SELECT " OBJECT_JOB("audiourl") " FROM s",
        2, WRITE },

    /* models */

    STMT(MODELS_LIST) = { "models_list",
        "SELECT id, 'builtin', " TIME("updated") ", " TIME("expiry") ", name, "
        "status, reason, true, created FROM mlforkids_textmodels "
        "WHERE projectid = $1 UNION ALL "
        "SELECT classifierid, credentialsid, " TIME("created") ", "
        TIME("expiry") ", coalesce(name, ''), 'Non Existent', NULL, false, "
        "created FROM bluemixclassifiers WHERE projectid = $1 "
        "ORDER BY created LIMIT 100",
        1, READ },

    STMT(MODELS_NUMBERS) = { "models_numbers",
        "SELECT url FROM taxinoclassifiers WHERE projectid = $1",
        1, READ },

    STMT(MODELS_CREDENTIALS) = { "models_credentials",
        "SELECT EXISTS (SELECT 1 FROM bluemixcredentials "
        "WHERE classid = $1 AND servicetype = 'conv')",
        1, READ },

    /* the class is of no consequence: all share the pool */
    STMT(MODELS_POOL) = { "models_pool",
        "SELECT EXISTS (SELECT 1 FROM bluemixcredentialspool "
        "WHERE servicetype = 'conv') WHERE $1::text IS NOT NULL",
        1, READ },

    /* project, id of a new model, hours; as MODELS_LIST without "created".
     * A model that there was goes on answering until the new one is ready. */
    STMT(MODELS_TRAIN) = { "models_train",
        "INSERT INTO mlforkids_textmodels AS m (projectid, id, userid, "
        "classid, name, language, status, created, updated, expiry) "
        "SELECT p.id, $2, p.userid, p.classid, p.name, "
        "coalesce(nullif(p.language, ''), 'en'), 'Training', t, t, "
        "t + $3::integer * interval '1 hour' "
        "FROM projects p, date_trunc('milliseconds', now()) t "
        "WHERE p.id = $1 AND p.typeid = 1 "
        "ON CONFLICT (projectid) DO UPDATE SET status = 'Training', "
        "reason = NULL, name = excluded.name, language = excluded.language, "
        "expiry = excluded.expiry "
        "RETURNING m.id, 'builtin', " TIME("m.updated") ", "
        TIME("m.expiry") ", m.name, m.status, m.reason, true",
        3, WRITE },

    /* fifty clicks are one job; one while it runs makes it run once more */
    STMT(MODELS_JOB) = { "models_job",
        "INSERT INTO mlforkids_jobs (kind, subject) "
        "SELECT 'text', projectid FROM mlforkids_textmodels "
        "WHERE projectid = $1 "
        "ON CONFLICT (kind, subject) WHERE state IN ('waiting', 'running') "
        "DO UPDATE SET again = mlforkids_jobs.state = 'running'",
        1, WRITE },

    /* project, model; how many there were */
    STMT(MODELS_DELETE) = { "models_delete",
        "WITH gone AS (DELETE FROM mlforkids_textmodels "
        "WHERE projectid = $1 AND id = $2 RETURNING id), "
        "w AS (DELETE FROM bluemixclassifiers "
        "WHERE projectid = $1 AND classifierid = $2 RETURNING classifierid), "
        "k AS (UPDATE scratchkeys SET classifierid = NULL, "
        "serviceurl = NULL, serviceusername = NULL, servicepassword = NULL, "
        "updated = date_trunc('milliseconds', now()) "
        "WHERE projectid = $1 AND classifierid = $2), "
        "j AS (DELETE FROM mlforkids_jobs WHERE kind = 'text' "
        "AND subject = $1 AND state = 'waiting' "
        "AND EXISTS (SELECT 1 FROM gone)) "
        "SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM w)",
        2, WRITE },

    STMT(MODELS_FORGET_NUMBERS) = { "models_forget_numbers",
        "DELETE FROM taxinoclassifiers WHERE projectid = $1",
        1, WRITE },

    /* project, model, class */
    STMT(MODELS_TEST) = { "models_test",
        "SELECT generation FROM mlforkids_textmodels "
        "WHERE projectid = $1 AND id = $2 AND classid = $3",
        3, READ },

    /* id, class */
    STMT(MODELS_CREDENTIALS_GET) = { "models_credentials_get",
        "SELECT id FROM bluemixcredentials WHERE id = $1 AND classid = $2 "
        "AND servicetype = 'conv' UNION ALL "
        "SELECT id FROM bluemixcredentialspool WHERE id = $1 "
        "AND servicetype = 'conv' AND EXISTS (SELECT 1 FROM tenants "
        "WHERE id = $2 AND ismanaged = 2)",
        2, READ },

    /* scratch keys */

    /* project, owner, class */
    STMT(KEYS_LIST) = { "keys_list",
        "SELECT id, classifierid FROM scratchkeys WHERE projectid = $1 "
        "AND userid = $2 AND classid = $3 ORDER BY updated, id LIMIT 100",
        3, READ },

    /* key, project, name of its type; behind a lock of the project */
    STMT(KEYS_CREATE) = { "keys_create",
        "INSERT INTO scratchkeys (id, projectname, projecttype, "
        "classifierid, projectid, userid, classid, updated) "
        "SELECT $1, p.name, $3, m.id, p.id, p.userid, p.classid, "
        "coalesce(m.updated, date_trunc('milliseconds', now())) "
        "FROM projects p "
        "LEFT JOIN mlforkids_textmodels m ON m.projectid = p.id "
        "WHERE p.id = $2 AND NOT EXISTS (SELECT 1 FROM scratchkeys k "
        "WHERE k.projectid = p.id AND k.userid = p.userid "
        "AND k.classid = p.classid)",
        3, WRITE },

    /* all keys of the project's owner stand for its one model */
    STMT(KEYS_LINK) = { "keys_link",
        "UPDATE scratchkeys k SET classifierid = m.id, updated = m.updated, "
        "serviceurl = NULL, serviceusername = NULL, servicepassword = NULL "
        "FROM mlforkids_textmodels m WHERE m.projectid = $1 "
        "AND k.projectid = m.projectid AND k.userid = m.userid "
        "AND k.classid = m.classid AND k.classifierid IS DISTINCT FROM m.id",
        1, WRITE },

    /* scratch */

    /* project, model */
    STMT(SCRATCH_MODEL) = { "scratch_model",
        "SELECT generation, status, reason FROM mlforkids_textmodels "
        "WHERE projectid = $1 AND id = $2",
        2, READ },

    /* session users */

    STMT(SESSIONS_LOCK) = { "sessions_lock",
        "SELECT pg_advisory_xact_lock(hashtextextended('session users', 0))",
        0, WRITE },

    /* id, token, seconds, limit; no row: full */
    STMT(SESSIONS_ADD) = { "sessions_add",
        "INSERT INTO sessionusers (id, token, sessionexpiry) "
        "SELECT $1, $2, date_trunc('second', now()) "
        "+ $3::integer * interval '1 second' "
        "WHERE (SELECT count(*) FROM sessionusers) < $4::bigint "
        "RETURNING " TIME("sessionexpiry") ", "
        "floor(extract(epoch FROM now()))::bigint, "
        "(SELECT encode(value, 'hex') FROM mlforkids_secrets "
        "WHERE name = 'session-users')",
        4, WRITE },

    /* user, class: locks the projects, as their own deletion does */
    STMT(SESSIONS_PROJECTS) = { "sessions_projects",
        "SELECT id FROM projects WHERE userid = $1 AND classid = $2 "
        "ORDER BY id FOR UPDATE",
        2, WRITE },

    /* user, class: everything of a visitor; a job removes stored objects.
     * What stands last is done first: models before keys, the order in which
     * the worker removes old models. */
    STMT(SESSIONS_DELETE) = { "sessions_delete",
        "WITH p AS (DELETE FROM projects WHERE userid = $1 AND classid = $2 "
        "RETURNING id), "
        "l AS (DELETE FROM localprojects WHERE userid = $1 AND classid = $2 "
        "RETURNING id), "
        "a AS (SELECT id FROM p UNION SELECT id FROM l), "
        "t1 AS (DELETE FROM numbersprojectsfields t USING a "
        "WHERE t.projectid = a.id), "
        "t2 AS (DELETE FROM texttraining t USING a WHERE t.projectid = a.id), "
        "t3 AS (DELETE FROM numbertraining t USING a "
        "WHERE t.projectid = a.id), "
        "t4 AS (DELETE FROM imagetraining t USING a "
        "WHERE t.projectid = a.id), "
        "t5 AS (DELETE FROM soundtraining t USING a "
        "WHERE t.projectid = a.id), "
        "k AS (DELETE FROM scratchkeys WHERE userid = $1 AND classid = $2), "
        "m1 AS (DELETE FROM bluemixclassifiers "
        "WHERE userid = $1 AND classid = $2), "
        "m2 AS (DELETE FROM taxinoclassifiers "
        "WHERE userid = $1 AND classid = $2), "
        "m3 AS (DELETE FROM mlforkids_textmodels "
        "WHERE userid = $1 AND classid = $2), "
        "j AS (DELETE FROM mlforkids_jobs t USING a "
        "WHERE t.subject = a.id AND t.state = 'waiting'), "
        "s AS (DELETE FROM sessionusers WHERE id = $1) "
        "INSERT INTO pendingjobs (id, jobtype, jobdata) "
        "SELECT gen_random_uuid()::text, 3, json_build_object("
        "'classid', $2::text, 'userid', $1::text)::text",
        2, BULK },
};

const ngx_uint_t  ngx_mlforkids_stmts_n = NGX_MLFORKIDS_STMT_N;
