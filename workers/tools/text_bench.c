/*
 * mlforkids-text-bench: trains a text model on one file and tries it on
 * another, with the code that the training worker uses.
 *
 * A line of a file is label TAB text.  The last line of the output is a JSON
 * object: accuracy (of the first answer), confidence (mean) and calibration
 * (expected error over 15 equal bins) in percent, seconds of training, bytes
 * of model file; behind them what tests/bench/text makes its table of.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../training/text_internal.h"
#include "../training/text_model.h"


#define TB_BINS  15


typedef struct {
    char             *bytes;
    size_t            len;
    model_example_t  *item;
    size_t            n;
    size_t            text_bytes;
} tb_set_t;


typedef struct {
    double            accuracy;
    double            confidence;
    double            calibration;
    double            unknown;       /* percent of texts answered by lot */
    double            classify_ms;   /* mean of one classification */
} tb_result_t;


static int tb_read(const char *path, tb_set_t *set);
static int tb_lines(const char *path, tb_set_t *set);
static int tb_run(const tb_set_t *train, const tb_set_t *test,
    const char *language, const tt_vectors_t *vectors, const char *save);
static int tb_try(const tt_model_t *model, const tb_set_t *test,
    tb_result_t *result);


static void
tb_usage(FILE *out)
{
    fprintf(out,
        "Usage: mlforkids-text-bench --train FILE.tsv --test FILE.tsv\n"
        "           [--language CODE] [--vectors FILE] [--save FILE]\n"
        "Trains on one file and tries the model on the other.  A line is\n"
        "label TAB text.\n"
        "  --language CODE  language of the project (default en)\n"
        "  --vectors FILE   table of word vectors (default: none)\n"
        "  --save FILE      keep the model file\n"
        "The last line of the output is JSON.\n");
}


static double
tb_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


int
main(int argc, char **argv)
{
    int            c, rc;
    char           err[MODEL_ERROR_LEN];
    tb_set_t       train, test;
    const char    *train_path, *test_path, *language, *table, *save;
    tt_vectors_t  *vectors;

    static const struct option  options[] = {
        { "train",    required_argument, NULL, 't' },
        { "test",     required_argument, NULL, 'e' },
        { "language", required_argument, NULL, 'l' },
        { "vectors",  required_argument, NULL, 'v' },
        { "save",     required_argument, NULL, 's' },
        { "help",     no_argument,       NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    train_path = test_path = table = save = NULL;
    language = "en";
    vectors = NULL;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {

        case 't':
            train_path = optarg;
            break;

        case 'e':
            test_path = optarg;
            break;

        case 'l':
            language = optarg;
            break;

        case 'v':
            table = optarg;
            break;

        case 's':
            save = optarg;
            break;

        default:
            tb_usage(c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }

    if (train_path == NULL || test_path == NULL || optind != argc) {
        tb_usage(stderr);
        return 2;
    }

    memset(&train, 0, sizeof(train));
    memset(&test, 0, sizeof(test));

    rc = tb_read(train_path, &train) || tb_read(test_path, &test);

    if (rc == 0 && table != NULL
        && tt_vectors_open(table, &vectors, err, sizeof(err)) != MODEL_OK)
    {
        fprintf(stderr, "%s\n", err);
        rc = 1;
    }

    if (rc == 0) {
        rc = tb_run(&train, &test, language, vectors, save);
    }

    tt_vectors_close(vectors);
    free(train.bytes);
    free(train.item);
    free(test.bytes);
    free(test.item);

    return rc;
}


static int
tb_read(const char *path, tb_set_t *set)
{
    int     rc;
    FILE   *in;
    size_t  n, cap;

    in = fopen(path, "rb");

    if (in == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }

    cap = 0;

    do {
        if (tt_grow(&set->bytes, &cap, set->len + 65536, 1) != MODEL_OK) {
            fprintf(stderr, "no memory\n");
            fclose(in);
            return 1;
        }

        n = fread(set->bytes + set->len, 1, cap - set->len, in);
        set->len += n;
    } while (n > 0);

    rc = ferror(in);
    fclose(in);

    if (rc) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }

    return tb_lines(path, set);
}


static int
tb_lines(const char *path, tb_set_t *set)
{
    char             *p, *end, *line, *tab;
    size_t            number, cap;
    model_example_t  *e;

    cap = 0;
    number = 0;
    end = set->bytes + set->len;

    for (p = set->bytes; p < end; p = line + 1) {
        number++;

        line = memchr(p, '\n', (size_t) (end - p));
        if (line == NULL) {
            line = end;
        }

        if (line == p || (line == p + 1 && *p == '\r')) {
            continue;
        }

        tab = memchr(p, '\t', (size_t) (line - p));

        if (tab == NULL) {
            fprintf(stderr, "%s:%zu: no tab between label and text\n", path,
                    number);
            return 1;
        }

        if (tt_grow(&set->item, &cap, set->n + 1, sizeof(model_example_t))
            != MODEL_OK)
        {
            fprintf(stderr, "no memory\n");
            return 1;
        }

        e = &set->item[set->n++];
        e->label.data = p;
        e->label.len = (size_t) (tab - p);
        e->input.data = tab + 1;
        e->input.len = (size_t) (line - tab) - 1;

        if (e->input.len > 0 && e->input.data[e->input.len - 1] == '\r') {
            e->input.len--;
        }

        set->text_bytes += e->input.len;
    }

    if (set->n == 0) {
        fprintf(stderr, "%s: no examples\n", path);
        return 1;
    }

    return 0;
}


static int
tb_run(const tb_set_t *train, const tb_set_t *test, const char *language,
    const tt_vectors_t *vectors, const char *save)
{
    int            rc;
    char           err[MODEL_ERROR_LEN];
    FILE          *out;
    double         start, seconds;
    tt_stats_t     stats;
    tt_model_t    *model;
    model_buf_t    file;
    tb_result_t    r;
    struct rusage  usage;

    start = tb_now();

    if (tt_train(train->item, train->n, language, vectors, &file, &stats,
                 err, sizeof(err))
        != MODEL_OK)
    {
        fprintf(stderr, "%s\n", err);
        return 1;
    }

    seconds = tb_now() - start;
    getrusage(RUSAGE_SELF, &usage);

    if (tt_model_open(file.data, file.len, vectors, &model, err, sizeof(err))
        != MODEL_OK)
    {
        fprintf(stderr, "%s\n", err);
        free(file.data);
        return 1;
    }

    rc = tb_try(model, test, &r);
    tt_model_close(model);

    if (rc == 0 && save != NULL) {
        out = fopen(save, "wb");
        rc = out == NULL || fwrite(file.data, file.len, 1, out) != 1;
        rc |= out != NULL && fclose(out) != 0;

        if (rc != 0) {
            fprintf(stderr, "%s: %s\n", save, strerror(errno));
        }
    }

    if (rc == 0) {
        printf("%zu sentences, %zu labels, %zu tests: accuracy %.1f %%, "
               "mean confidence %.1f %%, calibration error %.1f %%, "
               "%.2f s, %zu bytes\n", train->n, stats.labels, test->n,
               r.accuracy, r.confidence, r.calibration, seconds, file.len);

        printf("{\"accuracy\":%.2f,\"confidence\":%.2f,\"calibration\":%.2f,"
               "\"seconds\":%.4f,\"bytes\":%zu,", r.accuracy, r.confidence,
               r.calibration, seconds, file.len);
        printf("\"examples\":%zu,\"labels\":%zu,\"buckets\":%zu,"
               "\"temperature\":%.3f,\"unknown\":%.2f,\"text_bytes\":%zu,",
               stats.examples, stats.labels, stats.buckets, stats.temperature,
               r.unknown, train->text_bytes);
        printf("\"cpu\":%.4f,\"cpu_features\":%.4f,\"cpu_solver\":%.4f,"
               "\"classify_ms\":%.4f,\"peak_mb\":%.1f,\"hash\":\"%016" PRIx64
               "\"}\n", stats.total, stats.features, stats.solver,
               r.classify_ms, (double) usage.ru_maxrss / 1024,
               tt_hash(TT_HASH_START, file.data, file.len));
    }

    free(file.data);

    return rc;
}


static int
tb_try(const tt_model_t *model, const tb_set_t *test, tb_result_t *result)
{
    int             rc, random, right;
    double          sure, gap, start;
    double          count[TB_BINS], hits[TB_BINS], sum[TB_BINS];
    size_t          i, k, n;
    model_match_t  *match;

    memset(result, 0, sizeof(*result));
    memset(count, 0, sizeof(count));
    memset(hits, 0, sizeof(hits));
    memset(sum, 0, sizeof(sum));

    match = malloc(tt_model_labels(model) * sizeof(model_match_t));
    if (match == NULL) {
        fprintf(stderr, "no memory\n");
        return 1;
    }

    rc = 0;
    start = tb_now();

    for (i = 0; i < test->n && rc == 0; i++) {
        rc = tt_classify(model, test->item[i].input.data,
                         test->item[i].input.len, match, &n, &random)
             != MODEL_OK;

        if (rc != 0) {
            fprintf(stderr, "classification failed\n");
            break;
        }

        right = tt_str_cmp(&match[0].label, &test->item[i].label) == 0;
        sure = match[0].confidence / 100.0;

        k = (size_t) (sure * TB_BINS);
        k = k < TB_BINS ? k : TB_BINS - 1;

        count[k]++;
        hits[k] += right;
        sum[k] += sure;

        result->accuracy += right;
        result->confidence += sure;
        result->unknown += random;
    }

    result->classify_ms = (tb_now() - start) * 1000 / (double) test->n;

    gap = 0;
    for (k = 0; k < TB_BINS; k++) {
        gap += fabs(hits[k] - sum[k]);
    }

    result->accuracy *= 100 / (double) test->n;
    result->confidence *= 100 / (double) test->n;
    result->calibration = gap * 100 / (double) test->n;
    result->unknown *= 100 / (double) test->n;

    free(match);

    return rc;
}
