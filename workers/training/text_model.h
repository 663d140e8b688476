/*
 * Text models: sentences and labels in, a model file out; a model file and a
 * text in, labels with confidences out.  No database, no network, no locale,
 * no clock: the same examples in any order give the same bytes.
 *
 * How it works: hashed words, word pairs and character n-grams, for English
 * also the mean direction of the words' vectors; a Crammer-Singer machine from
 * liblinear; confidences calibrated on held-out parts.
 */

#ifndef TEXT_MODEL_H
#define TEXT_MODEL_H

#include <stdint.h>

#include "model.h"


#define TT_LABEL_WORDS  20    /* explanation words kept for each label */


typedef struct tt_vectors_s  tt_vectors_t;
typedef struct tt_model_s    tt_model_t;


/* Where the time of a training went, in seconds of the process's CPU. */
typedef struct {
    size_t   examples;     /* N: distinct sentences and labels' names */
    size_t   labels;
    size_t   buckets;      /* sparse columns */
    double   features;     /* normalising, splitting, hashing, matrix */
    double   solver;       /* the final call of train() alone */
    double   total;
    double   temperature;  /* T */
} tt_stats_t;


/*
 * Maps a table made by mlforkids-vectors, read-only; share one among all
 * threads and models.  MODEL_OK; MODEL_ERROR if the file cannot be read, is
 * cut short, of another version or damaged; MODEL_NOMEM.  err gets a reason
 * (errlen bytes, may be 0).
 */
int tt_vectors_open(const char *path, tt_vectors_t **vectors, char *err,
    size_t errlen);
void tt_vectors_close(tt_vectors_t *vectors);


/*
 * Trains.  examples: sentence and label in UTF-8 (invalid bytes separate
 * words).  language: as the project's, NULL means "en"; vectors are used for
 * "en" only and may be NULL.  stats may be NULL.
 *
 * liblinear draws from rand(), which this seeds: the process's own sequence is
 * lost and two trainings must not run at once in one process.
 *
 * MODEL_OK and the file in *out (free() it); MODEL_REFUSED if there is no
 * example; MODEL_NOMEM; MODEL_ERROR.
 */
int tt_train(const model_example_t *examples, size_t n, const char *language,
    const tt_vectors_t *vectors, model_buf_t *out, tt_stats_t *stats,
    char *err, size_t errlen);


/*
 * Reads a model file; nothing of data is kept.  vectors as at training; if
 * the model was trained with a table and this is NULL or another one, the
 * model answers by words and letters alone (tt_model_degraded() tells).
 * MODEL_OK, MODEL_ERROR (damaged, cut short, other version), MODEL_NOMEM.
 */
int tt_model_open(const unsigned char *data, size_t len,
    const tt_vectors_t *vectors, tt_model_t **model, char *err, size_t errlen);
void tt_model_close(tt_model_t *model);

/* Bytes of memory that the open model takes. */
size_t tt_model_size(const tt_model_t *model);

/* Number of labels; label i in bytewise order (i < number). */
size_t tt_model_labels(const tt_model_t *model);
model_str_t tt_model_label(const tt_model_t *model, size_t i);

/* Non-zero if the table of word vectors it was trained with is missing. */
int tt_model_degraded(const tt_model_t *model);


/*
 * Answers a text of any bytes and length (8,192 code points are read).
 * matches has room for tt_model_labels() entries; all labels are written,
 * confidence falling, equal ones in bytewise order.  An unknown or empty text
 * gives *random = 1 and one label drawn by lot with confidence 0.
 * Reentrant.  MODEL_OK, MODEL_NOMEM, MODEL_ERROR (no random numbers).
 */
int tt_classify(const tt_model_t *model, const char *text, size_t len,
    model_match_t *matches, size_t *n, int *random);

/*
 * Decision values alone, in the labels' order, written to scores (room for
 * tt_model_labels() entries).  MODEL_OK, MODEL_NOMEM, or MODEL_REFUSED if the
 * text counts as unknown (the values are written all the same).
 */
int tt_scores(const tt_model_t *model, const char *text, size_t len,
    double *scores);

/*
 * Explains the answer to a text: for each distinct word the fall of the best
 * label's decision value when all its places are left out, largest first;
 * only falls above 0.  On entry *n is the room in words, at most that many of
 * the text's first words are tried.  The words point into text.
 * MODEL_OK (with *n = 0 for an unknown text), MODEL_NOMEM.
 */
int tt_explain(const tt_model_t *model, const char *text, size_t len,
    model_word_t *words, size_t *n);

/* The words, as typed, that spoke most for label i at training; at most
 * TT_LABEL_WORDS, strongest first.  They belong to the model. */
const model_word_t *tt_label_words(const tt_model_t *model, size_t i,
    size_t *n);


extern const model_family_t  tt_family;


#endif /* TEXT_MODEL_H */
