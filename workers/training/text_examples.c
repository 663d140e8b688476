/*
 * Putting examples in order, so that it never matters in which one they came.
 */

#include <stdlib.h>
#include <string.h>

#include "text_examples.h"
#include "text_internal.h"


#define TT_FEW_SENTENCES  20     /* below this a label's name helps */


/* The distinct normal forms of one label's sentences. */
typedef struct {
    tt_scratch_t     scratch;
    unsigned char   *bytes;      /* the forms, one after the other */
    size_t           nbytes;
    size_t           cap;
    size_t          *slot;       /* hash table: start in bytes, plus one */
    size_t           nslots;     /* power of two */
    size_t           slots_cap;
} tt_forms_t;


static int tt_examples_label(tt_examples_t *set, tt_forms_t *forms,
    const model_example_t *sorted, size_t n, char **name);
static int tt_forms_start(tt_forms_t *forms, size_t n);
static int tt_forms_add(tt_forms_t *forms, const model_str_t *text, int *added);
static int tt_example_cmp(const void *one, const void *two);


int
tt_examples_make(tt_examples_t *set, const model_example_t *examples,
    size_t n)
{
    int               rc;
    char             *name;
    size_t            i, k, bytes, labels;
    tt_forms_t        forms;
    model_example_t  *sorted;

    memset(&forms, 0, sizeof(forms));

    sorted = malloc(n * sizeof(model_example_t));
    if (sorted == NULL) {
        return MODEL_NOMEM;
    }

    memcpy(sorted, examples, n * sizeof(model_example_t));
    qsort(sorted, n, sizeof(model_example_t), tt_example_cmp);

    labels = 0;
    bytes = 0;

    for (i = 0; i < n; i++) {
        if (i == 0 || tt_str_cmp(&sorted[i].label, &sorted[i - 1].label)) {
            labels++;
            bytes += sorted[i].label.len;
        }
    }

    set->item = calloc(n + labels, sizeof(tt_item_t));
    set->label = malloc(labels * sizeof(model_str_t));
    set->names = malloc(bytes + 1);

    rc = set->item == NULL || set->label == NULL || set->names == NULL
         ? MODEL_NOMEM : MODEL_OK;

    name = set->names;

    for (i = 0; i < n && rc == MODEL_OK; i = k) {

        for (k = i + 1; k < n; k++) {
            if (tt_str_cmp(&sorted[k].label, &sorted[i].label)) {
                break;
            }
        }

        rc = tt_examples_label(set, &forms, sorted + i, k - i, &name);
    }

    tt_scratch_free(&forms.scratch);
    free(forms.bytes);
    free(forms.slot);
    free(sorted);

    return rc;
}


void
tt_examples_free(tt_examples_t *set)
{
    free(set->item);
    free(set->label);
    free(set->names);
}


/* Adds one label with its n sentences; the place for a name moves on. */

static int
tt_examples_label(tt_examples_t *set, tt_forms_t *forms,
    const model_example_t *sorted, size_t n, char **name)
{
    int           rc, added;
    size_t        i, k, first;
    model_str_t   text;

    first = set->n;
    set->label[set->nlabels] = sorted->label;

    rc = tt_forms_start(forms, n + 1);

    for (i = 0; i < n && rc == MODEL_OK; i++) {
        rc = tt_forms_add(forms, &sorted[i].input, &added);

        if (rc == MODEL_OK && added) {
            set->item[set->n++].text = sorted[i].input;
        }
    }

    if (rc == MODEL_OK && set->n - first < TT_FEW_SENTENCES) {

        text.data = *name;
        text.len = sorted->label.len;

        for (i = 0; i < text.len; i++) {
            (*name)[i] = sorted->label.data[i];

            if ((*name)[i] == '_' || (*name)[i] == '.' || (*name)[i] == '/') {
                (*name)[i] = ' ';
            }
        }

        *name += text.len;

        rc = tt_forms_add(forms, &text, &added);

        if (rc == MODEL_OK && added) {
            for (k = set->n++; k > first; k--) {
                if (tt_str_cmp(&set->item[k - 1].text, &text) <= 0) {
                    break;
                }

                set->item[k].text = set->item[k - 1].text;
            }

            set->item[k].text = text;
        }
    }

    for (k = first; k < set->n; k++) {
        set->item[k].label = (uint32_t) set->nlabels;
        set->item[k].place = (uint32_t) (k - first);
    }

    set->nlabels++;

    return rc;
}


static int
tt_forms_start(tt_forms_t *forms, size_t n)
{
    size_t  slots;

    slots = 16;

    while (slots < 2 * n) {
        slots *= 2;
    }

    if (tt_grow(&forms->slot, &forms->slots_cap, slots, sizeof(size_t))
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    memset(forms->slot, 0, slots * sizeof(size_t));
    forms->nslots = slots;
    forms->nbytes = 0;

    return MODEL_OK;
}


/* Adds the normal form of a text; *added is 0 if it is there already. */

static int
tt_forms_add(tt_forms_t *forms, const model_str_t *text, int *added)
{
    int             rc;
    size_t          i, len, old;
    unsigned char  *form;

    rc = tt_normalise(&forms->scratch, text->data, text->len);
    if (rc != MODEL_OK) {
        return rc;
    }

    /* a form is its length and its bytes */

    if (tt_grow(&forms->bytes, &forms->cap,
                forms->nbytes + sizeof(len) + forms->scratch.ncp * 4, 1)
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    form = forms->bytes + forms->nbytes;
    len = tt_encode(forms->scratch.cp, forms->scratch.ncp,
                    form + sizeof(len));
    memcpy(form, &len, sizeof(len));
    len += sizeof(len);

    i = (size_t) tt_hash(TT_HASH_START, form, len);

    for (i &= forms->nslots - 1; forms->slot[i] != 0;
         i = (i + 1) & (forms->nslots - 1))
    {
        old = forms->slot[i] - 1;

        if (forms->nbytes - old >= len
            && memcmp(forms->bytes + old, form, len) == 0)
        {
            *added = 0;
            return MODEL_OK;
        }
    }

    forms->slot[i] = forms->nbytes + 1;
    forms->nbytes += len;
    *added = 1;

    return MODEL_OK;
}


static int
tt_example_cmp(const void *one, const void *two)
{
    int                     rc;
    const model_example_t  *a, *b;

    a = one;
    b = two;

    rc = tt_str_cmp(&a->label, &b->label);

    return rc ? rc : tt_str_cmp(&a->input, &b->input);
}
