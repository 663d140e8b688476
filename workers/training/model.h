/*
 * What the training worker knows about a family of models: five functions
 * behind one table.  The worker reads jobs, forks, stores and caches; a family
 * turns examples into bytes and bytes plus an input into an answer.
 *
 * Adding a family is one file that fills a model_family_t.
 */

#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>


#define MODEL_ERROR_LEN  256    /* room for a reason, with the final NUL */


enum {
    MODEL_OK      = 0,
    MODEL_ERROR   = -1,   /* damaged or foreign bytes, an internal fault */
    MODEL_NOMEM   = -2,
    MODEL_REFUSED = -3    /* the data allow no model; say so to the child */
};


/* Counted bytes, not terminated; any byte may occur in them. */
typedef struct {
    const char       *data;
    size_t            len;
} model_str_t;


/* Bytes that the receiver releases with free(). */
typedef struct {
    unsigned char    *data;
    size_t            len;
} model_buf_t;


/* One training example: the input in the family's own form (for text the
 * sentence itself) and its label. */
typedef struct {
    model_str_t       input;
    model_str_t       label;
} model_example_t;


typedef struct {
    const model_example_t  *examples;
    size_t                  n;
    const char             *language;  /* "en", "xx"...; NULL means "en" */
    const void             *shared;    /* what the family's models have in
                                          common (word vectors) or NULL */
} model_data_t;


/* One label of an answer.  The label's bytes belong to the model. */
typedef struct {
    model_str_t       label;
    int               confidence;      /* percent, 0..100 */
    double            score;           /* raw decision value */
} model_match_t;


/* A word and how much it speaks for a label (larger is more). */
typedef struct {
    model_str_t       word;
    double            weight;
} model_word_t;


typedef struct {
    /* kind of the job in the queue that this family serves */
    const char  *kind;

    /*
     * Makes a model.  May take long and much memory, may use process-wide
     * state of a library: call it in a child process.  On MODEL_OK out holds
     * the model file.  Otherwise err holds a plain English sentence; with
     * MODEL_REFUSED it is meant for the child who pressed the button.
     */
    int        (*train)(const model_data_t *data, model_buf_t *out,
                        char *err, size_t errlen);

    /*
     * Reads a model file, which is checked in full and copied: the caller
     * keeps the bytes.  shared as in model_data_t; it must outlive the model.
     */
    int        (*open)(const unsigned char *data, size_t len,
                       const void *shared, void **model,
                       char *err, size_t errlen);

    /* Memory that an open model takes, in bytes. */
    size_t     (*size)(const void *model);

    /* Number of labels = entries that classify() may write. */
    size_t     (*labels)(const void *model);

    /*
     * Answers one input.  matches has room for labels() entries; *n is set to
     * the number written, best first.  *random is set when the input holds
     * nothing that the model knows: then there is one match, drawn by lot,
     * with confidence 0.  Any number of threads may share a model.
     */
    int        (*classify)(const void *model, model_str_t input,
                           model_match_t *matches, size_t *n, int *random);

    /*
     * Which parts of the input speak for the best label, strongest first.
     * words has room for *n entries, *n is set to the number written; the
     * words' bytes belong to the input.
     */
    int        (*explain)(const void *model, model_str_t input,
                          model_word_t *words, size_t *n);

    /*
     * What the model has learned about its label number i (in bytewise
     * order): the label's name and its strongest words.  The array and its
     * words belong to the model; *n is 0 when there are none.
     */
    int        (*describe)(const void *model, size_t i, model_str_t *label,
                           const model_word_t **words, size_t *n);

    void       (*close)(void *model);
} model_family_t;


#endif /* MODEL_H */
