/*
 * The examples as training takes them: sorted, each sentence once, and the
 * names of labels that have few.
 */

#ifndef TEXT_EXAMPLES_H
#define TEXT_EXAMPLES_H

#include <stdint.h>

#include "model.h"


typedef struct {
    model_str_t      text;
    uint32_t         label;     /* number of its label */
    uint32_t         place;     /* among its label's examples, from 0 */
} tt_item_t;


typedef struct {
    tt_item_t       *item;      /* by label, then bytewise by text */
    size_t           n;
    model_str_t     *label;     /* bytewise; the bytes are the caller's */
    size_t           nlabels;
    char            *names;     /* the labels' names as examples */
} tt_examples_t;


/*
 * Sorts examples into a zeroed set; sentences point to the caller's bytes.
 * The set is freed by tt_examples_free() on failure too.
 * MODEL_OK, MODEL_NOMEM, MODEL_ERROR.
 */
int tt_examples_make(tt_examples_t *set, const model_example_t *examples,
    size_t n);
void tt_examples_free(tt_examples_t *set);


#endif /* TEXT_EXAMPLES_H */
