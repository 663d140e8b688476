/*
 * Training.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linear.h>

#include "text_examples.h"
#include "text_internal.h"


#define TT_COST          2.0    /* C of the machine */
#define TT_EPS           0.1
#define TT_PARTS         3      /* of the examples, to calibrate */
#define TT_SMALL         2000   /* up to here all parts are scored */
#define TT_RARE          3000   /* from here on rare buckets are left out */
#define TT_T_DEFAULT     11.0
#define TT_T_SMALL       1.2    /* parts train on less than the whole */


/* Everything between examples and model. */
typedef struct {
    tt_examples_t         set;
    const tt_vectors_t   *vectors;

    uint32_t             *feature;   /* of all examples, one after the other */
    size_t                feature_cap;
    size_t               *first;     /* set.n + 1 entries into feature */
    float                *dense;     /* TT_DENSE for each example, or NULL */
    uint32_t             *df;        /* examples that have a bucket */
    int32_t              *column;    /* of a bucket, or -1 */
    float                *idf;       /* of a column */

    struct feature_node  *nodes;
    struct feature_node **x;
    size_t                ncolumns;  /* sparse and dense */

    tt_model_t           *model;
} tt_training_t;


static int tt_run(tt_training_t *t, const model_example_t *examples, size_t n,
    const char *language, tt_stats_t *stats, model_buf_t *out);
static int tt_extract(tt_training_t *t);
static int tt_dictionary(tt_training_t *t);
static int tt_columns(tt_training_t *t);
static int tt_order_cmp(const void *one, const void *two);
static int tt_matrix(tt_training_t *t);
static size_t tt_matrix_size(const tt_training_t *t);
static int tt_calibrate(tt_training_t *t);
static int tt_score_part(const tt_training_t *t, size_t part, float *scores,
    uint32_t *right, size_t *n);
static struct model *tt_solve(const tt_training_t *t, size_t part);
static int tt_machine(tt_training_t *t, tt_stats_t *stats);
static int tt_quantise(tt_training_t *t, const double *w);
static int tt_labels(tt_training_t *t, const char *language);
static void tt_training_free(tt_training_t *t);


/* Seconds of CPU: figures for benchmarks, never input to anything. */

static double
tt_cpu(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static void
tt_silent(const char *line)
{
    (void) line;
}


int
tt_train(const model_example_t *examples, size_t n, const char *language,
    const tt_vectors_t *vectors, model_buf_t *out, tt_stats_t *stats,
    char *err, size_t errlen)
{
    int            rc;
    size_t         i;
    tt_stats_t     unused;
    tt_training_t  t;

    out->data = NULL;
    out->len = 0;

    if (stats == NULL) {
        stats = &unused;
    }

    memset(stats, 0, sizeof(*stats));
    memset(&t, 0, sizeof(t));

    if (n == 0) {
        snprintf(err, errlen,
                 "More training data needed to train a model");
        return MODEL_REFUSED;
    }

    for (i = 0; i < n; i++) {
        if (examples[i].label.len > TT_MAX_LABEL_LEN) {
            snprintf(err, errlen, "A label is too long");
            return MODEL_REFUSED;
        }
    }

    if (language == NULL || *language == '\0') {
        language = "en";
    }

    if (strcmp(language, "en") == 0) {
        t.vectors = vectors;
    }

    rc = tt_run(&t, examples, n, language, stats, out);

    if (rc == MODEL_REFUSED) {
        snprintf(err, errlen, "Too much training data for one model");

    } else if (rc != MODEL_OK) {
        snprintf(err, errlen, "%s", rc == MODEL_NOMEM
                 ? "no memory to train the model"
                 : "the training failed");
    }

    tt_training_free(&t);

    return rc;
}


static int
tt_run(tt_training_t *t, const model_example_t *examples, size_t n,
    const char *language, tt_stats_t *stats, model_buf_t *out)
{
    int     rc;
    double  start;

    start = tt_cpu();

    rc = tt_examples_make(&t->set, examples, n);

    if (rc == MODEL_OK) {
        rc = tt_extract(t);
    }

    if (rc == MODEL_OK) {
        rc = tt_labels(t, language);
    }

    if (rc == MODEL_OK) {
        rc = tt_dictionary(t);
    }

    if (rc == MODEL_OK) {
        rc = tt_matrix(t);
    }

    stats->features = tt_cpu() - start;

    if (rc == MODEL_OK) {
        rc = tt_calibrate(t);
    }

    if (rc == MODEL_OK) {
        rc = tt_machine(t, stats);
    }

    if (rc == MODEL_OK) {
        rc = tt_model_index(t->model);
    }

    if (rc == MODEL_OK) {
        rc = tt_words_learn(t->model, examples, n);
    }

    if (rc == MODEL_OK) {
        rc = tt_file_write(t->model, out);
    }

    if (rc != MODEL_OK) {
        return rc;
    }

    stats->examples = t->model->examples;
    stats->labels = t->model->nlabels;
    stats->buckets = t->model->nbuckets;
    stats->temperature = (double) t->model->temperature;
    stats->total = tt_cpu() - start;

    return MODEL_OK;
}


/* Reads all examples: their features, and in how many each bucket occurs. */

static int
tt_extract(tt_training_t *t)
{
    int            rc;
    size_t         i, k, n;
    tt_scratch_t   scratch;
    model_str_t   *text;

    n = t->set.n;
    memset(&scratch, 0, sizeof(scratch));

    t->first = calloc(n + 1, sizeof(size_t));
    t->df = calloc(TT_BUCKETS, sizeof(uint32_t));

    if (t->vectors != NULL) {
        t->dense = calloc(n, TT_DENSE * sizeof(float));
    }

    if (t->first == NULL || t->df == NULL
        || (t->vectors != NULL && t->dense == NULL))
    {
        return MODEL_NOMEM;
    }

    rc = MODEL_OK;

    for (i = 0; i < n && rc == MODEL_OK; i++) {
        text = &t->set.item[i].text;

        rc = tt_read_text(&scratch, t->vectors, text->data, text->len);
        if (rc != MODEL_OK) {
            break;
        }

        k = t->first[i] + scratch.nfeatures;
        t->first[i + 1] = k;

        rc = tt_grow(&t->feature, &t->feature_cap, k + 1, sizeof(uint32_t));
        if (rc != MODEL_OK) {
            break;
        }

        for (k = 0; k < scratch.nfeatures; k++) {
            t->feature[t->first[i] + k] = scratch.feature[k];
            t->df[tt_feature_bucket(scratch.feature[k])]++;
        }

        if (t->dense != NULL) {
            memcpy(t->dense + i * TT_DENSE, scratch.dense,
                   TT_DENSE * sizeof(float));
        }
    }

    tt_scratch_free(&scratch);

    return rc;
}


/* Starts the model: its labels and what is known from the start. */

static int
tt_labels(tt_training_t *t, const char *language)
{
    char        *s;
    size_t       i, len;
    tt_model_t  *m;

    m = calloc(1, sizeof(tt_model_t));
    if (m == NULL) {
        return MODEL_NOMEM;
    }

    t->model = m;

    if (t->set.nlabels > TT_MAX_LABELS || t->set.n > INT32_MAX) {
        return MODEL_REFUSED;
    }

    m->examples = (uint32_t) t->set.n;
    m->nlabels = (uint32_t) t->set.nlabels;
    m->vectors = t->vectors;
    m->ndense = t->vectors != NULL ? TT_DENSE : 0;
    m->table = t->vectors != NULL ? tt_vectors_id(t->vectors) : 0;
    m->temperature = (float) TT_T_DEFAULT;

    snprintf(m->language, sizeof(m->language), "%s", language);

    len = 1;
    for (i = 0; i < m->nlabels; i++) {
        len += t->set.label[i].len;
    }

    m->label = malloc(m->nlabels * sizeof(model_str_t));
    m->strings = malloc(len);
    m->scale = calloc(m->nlabels, sizeof(float));

    if (m->label == NULL || m->strings == NULL || m->scale == NULL) {
        return MODEL_NOMEM;
    }

    s = m->strings;

    for (i = 0; i < m->nlabels; i++) {
        m->label[i] = t->set.label[i];
        memcpy(s, m->label[i].data, m->label[i].len);
        m->label[i].data = s;
        s += m->label[i].len;
    }

    return MODEL_OK;
}


/* Gives columns to the buckets seen, in their order. */

static int
tt_dictionary(tt_training_t *t)
{
    uint32_t     b, least, n;
    tt_model_t  *m;

    m = t->model;
    least = m->examples >= TT_RARE ? 2 : 1;
    n = 0;

    for (b = 0; b < TT_BUCKETS; b++) {
        n += t->df[b] >= least;
    }

    t->column = malloc(TT_BUCKETS * sizeof(int32_t));
    m->bucket = malloc((n + 1) * sizeof(uint32_t));
    m->idf = malloc((n + 1) * sizeof(float));

    if (t->column == NULL || m->bucket == NULL || m->idf == NULL) {
        return MODEL_NOMEM;
    }

    n = 0;

    for (b = 0; b < TT_BUCKETS; b++) {
        t->column[b] = -1;

        if (t->df[b] >= least) {
            m->bucket[n] = b;
            m->idf[n++] = tt_idf(m->examples, t->df[b]);
        }
    }

    m->nbuckets = n;
    t->ncolumns = (size_t) n + m->ndense;

    return tt_columns(t);
}


/*
 * Columns for the solver: frequent buckets first, so that the weights it works
 * on most lie together in memory.
 */

static int
tt_columns(tt_training_t *t)
{
    size_t     i, k, n;
    uint32_t   b;
    uint64_t  *order;

    n = t->model->nbuckets;

    order = malloc((n + 1) * sizeof(uint64_t));
    t->idf = calloc(t->ncolumns + 1, sizeof(float));

    if (order == NULL || t->idf == NULL) {
        free(order);
        return MODEL_NOMEM;
    }

    for (i = 0; i < n; i++) {
        order[i] = (uint64_t) (UINT32_MAX - t->df[t->model->bucket[i]]) << 32
                   | t->model->bucket[i];
    }

    qsort(order, n, sizeof(uint64_t), tt_order_cmp);

    for (i = 0; i < n; i++) {
        k = t->model->ndense + i;
        b = (uint32_t) order[i];

        t->column[b] = (int32_t) k;
        t->idf[k] = tt_idf(t->model->examples, t->df[b]);
    }

    free(order);

    return MODEL_OK;
}


static int
tt_order_cmp(const void *one, const void *two)
{
    const uint64_t  *a, *b;

    a = one;
    b = two;

    return *a < *b ? -1 : *a > *b;
}


static size_t
tt_matrix_size(const tt_training_t *t)
{
    size_t  i, n;

    n = t->set.n * (1 + (size_t) t->model->ndense);

    for (i = 0; i < t->first[t->set.n]; i++) {
        n += t->column[tt_feature_bucket(t->feature[i])] >= 0;
    }

    return n;
}


/* Writes the examples as liblinear takes them: columns from 1 on, -1 last. */

static int
tt_matrix(tt_training_t *t)
{
    float                 idf, unseen;
    double                sum;
    size_t                i, k;
    int32_t               column;
    uint32_t              f;
    struct feature_node  *node, *start;

    t->nodes = calloc(tt_matrix_size(t), sizeof(struct feature_node));
    t->x = malloc(t->set.n * sizeof(struct feature_node *));

    if (t->nodes == NULL || t->x == NULL) {
        return MODEL_NOMEM;
    }

    node = t->nodes;
    unseen = tt_idf(t->model->examples, 0);

    for (i = 0; i < t->set.n; i++) {
        t->x[i] = node;
        start = node;
        sum = 0;

        for (k = t->first[i]; k < t->first[i + 1]; k++) {
            f = t->feature[k];
            column = t->column[tt_feature_bucket(f)];

            idf = column < 0 ? unseen : t->idf[column];
            idf *= f & TT_FEATURE_DOUBLE ? 2 : 1;
            sum += (double) idf * (double) idf;

            if (column >= 0) {
                node->index = column + 1;
                node->value = (double) idf;
                node++;
            }
        }

        sum = sqrt(sum);

        for ( /* void */ ; start < node; start++) {
            start->value /= sum;
        }

        for (k = 0; k < t->model->ndense; k++) {
            if (t->dense[i * TT_DENSE + k] != 0) {
                node->index = (int) (k + 1);
                node->value = (double) t->dense[i * TT_DENSE + k];
                node++;
            }
        }

        node->index = -1;
        node++;
    }

    /* the matrix holds it all from here on */

    free(t->feature);
    t->feature = NULL;
    free(t->dense);
    t->dense = NULL;

    return MODEL_OK;
}


/*
 * Trains on all examples but those of one part; part = TT_PARTS leaves none
 * out.  Returns NULL if there are fewer than two labels, or without memory.
 */

static struct model *
tt_solve(const tt_training_t *t, size_t part)
{
    size_t             i, n, labels;
    uint32_t           last;
    struct model      *model;
    struct problem     problem;
    struct parameter   parameter;

    memset(&problem, 0, sizeof(problem));
    memset(&parameter, 0, sizeof(parameter));

    problem.x = malloc(t->set.n * sizeof(struct feature_node *));
    problem.y = malloc(t->set.n * sizeof(double));

    if (problem.x == NULL || problem.y == NULL) {
        free(problem.x);
        free(problem.y);
        return NULL;
    }

    n = 0;
    labels = 0;
    last = UINT32_MAX;

    for (i = 0; i < t->set.n; i++) {
        if (t->set.item[i].place % TT_PARTS == part) {
            continue;
        }

        labels += t->set.item[i].label != last;
        last = t->set.item[i].label;

        problem.x[n] = t->x[i];
        problem.y[n++] = (double) last;
    }

    problem.l = (int) n;
    problem.n = (int) t->ncolumns;
    problem.bias = -1;

    parameter.solver_type = MCSVM_CS;
    parameter.C = TT_COST;
    parameter.eps = TT_EPS;

    model = NULL;

    if (labels >= 2) {
        /* the solver visits examples in an order drawn from rand() */
        srand(1);
        set_print_string_function(tt_silent);
        model = train(&problem, &parameter);
    }

    free(problem.x);
    free(problem.y);

    return model;
}


/* Finds T from parts that a machine trained on the others has to answer. */

static int
tt_calibrate(tt_training_t *t)
{
    int        rc;
    float     *scores;
    size_t     part, parts, n, room;
    double     fit;
    uint32_t  *right;

    if (t->model->nlabels < 2) {
        return MODEL_OK;
    }

    parts = t->set.n > TT_SMALL ? 1 : TT_PARTS;

    room = 0;
    for (n = 0; n < t->set.n; n++) {
        room += t->set.item[n].place % TT_PARTS < parts;
    }

    scores = calloc(room + 1, t->model->nlabels * sizeof(float));
    right = malloc((room + 1) * sizeof(uint32_t));

    rc = scores == NULL || right == NULL ? MODEL_NOMEM : MODEL_OK;
    n = 0;

    for (part = 0; part < parts && rc == MODEL_OK; part++) {
        rc = tt_score_part(t, part, scores, right, &n);
    }

    if (rc == MODEL_OK && n > 0) {
        fit = tt_fit_temperature(scores, right, n, t->model->nlabels);
        rc = fit > 0 ? MODEL_OK : MODEL_NOMEM;

        if (t->set.n <= TT_SMALL && t->vectors == NULL) {
            fit *= TT_T_SMALL;
        }

        t->model->temperature = (float) fit;
    }

    free(scores);
    free(right);

    return rc;
}


/*
 * Adds the decision values of one part.  A label that the other parts lack
 * has value 0, like any label that nothing speaks for.
 */

static int
tt_score_part(const tt_training_t *t, size_t part, float *scores,
    uint32_t *right, size_t *n)
{
    int                         k, nclass;
    double                      x, *sum;
    size_t                      i;
    const double               *w;
    struct model               *machine;
    const struct feature_node  *node;

    sum = malloc(t->model->nlabels * sizeof(double));
    if (sum == NULL) {
        return MODEL_NOMEM;
    }

    machine = tt_solve(t, part);

    if (machine == NULL) {
        free(sum);
        return MODEL_OK;
    }

    nclass = machine->nr_class;

    for (i = 0; i < t->set.n; i++) {
        if (t->set.item[i].place % TT_PARTS != part) {
            continue;
        }

        memset(sum, 0, (size_t) nclass * sizeof(double));

        for (node = t->x[i]; node->index != -1; node++) {
            w = machine->w + (size_t) (node->index - 1) * (size_t) nclass;
            x = node->value;

            for (k = 0; k < nclass; k++) {
                sum[k] += x * w[k];
            }
        }

        for (k = 0; k < nclass; k++) {
            scores[*n * t->model->nlabels + (size_t) machine->label[k]] =
                (float) sum[k];
        }

        right[(*n)++] = t->set.item[i].label;
    }

    free_and_destroy_model(&machine);
    free(sum);

    return MODEL_OK;
}


/* The machine itself, trained on everything. */

static int
tt_machine(tt_training_t *t, tt_stats_t *stats)
{
    int            rc;
    double         start;
    struct model  *machine;

    if (t->model->nlabels < 2) {
        /* one label is always the answer: no weights are needed */
        t->model->weight = calloc(t->ncolumns + 1, 1);

        return t->model->weight == NULL ? MODEL_NOMEM : MODEL_OK;
    }

    start = tt_cpu();
    machine = tt_solve(t, TT_PARTS);
    stats->solver = tt_cpu() - start;

    if (machine == NULL) {
        return MODEL_NOMEM;
    }

    /* examples come label by label, so the machine's classes are in order */

    rc = tt_quantise(t, machine->w);

    free_and_destroy_model(&machine);

    return rc;
}


/* Weights as int8 with one scale for each label. */

static int
tt_quantise(tt_training_t *t, const double *w)
{
    int8_t        *out;
    size_t         i, k, n;
    double         top, *largest;
    tt_model_t    *m;
    const double  *row;

    m = t->model;
    n = m->nlabels;

    m->weight = malloc(t->ncolumns * n + 1);
    largest = calloc(n, sizeof(double));

    if (m->weight == NULL || largest == NULL) {
        free(largest);
        return MODEL_NOMEM;
    }

    for (i = 0; i < t->ncolumns; i++) {
        for (k = 0; k < n; k++) {
            top = fabs(w[i * n + k]);
            largest[k] = top > largest[k] ? top : largest[k];
        }
    }

    for (k = 0; k < n; k++) {
        m->scale[k] = (float) (largest[k] / 127);
        largest[k] = m->scale[k] > 0 ? 1 / (double) m->scale[k] : 0;
    }

    /* in the file buckets come in their order, and dense columns last */

    out = m->weight;

    for (i = 0; i < t->ncolumns; i++) {
        row = w + n * (i < m->nbuckets ? (size_t) t->column[m->bucket[i]]
                                       : i - m->nbuckets);

        for (k = 0; k < n; k++) {
            top = row[k] * largest[k];
            top = top > 127 ? 127 : top < -127 ? -127 : top;
            *out++ = (int8_t) (top < 0 ? top - 0.5 : top + 0.5);
        }
    }

    free(largest);

    return MODEL_OK;
}


static void
tt_training_free(tt_training_t *t)
{
    tt_examples_free(&t->set);

    free(t->feature);
    free(t->first);
    free(t->dense);
    free(t->df);
    free(t->column);
    free(t->idf);
    free(t->nodes);
    free(t->x);

    tt_model_close(t->model);
}
