/*
 * Small sets of examples for the text model's tests.
 */

#ifndef TEXT_CORPUS_H
#define TEXT_CORPUS_H

#include <string.h>

#include "model.h"


#define corpus_str(s)         { s, sizeof(s) - 1 }
#define corpus_item(s, l)     { corpus_str(s), corpus_str(l) }
#define corpus_count(a)       (sizeof(a) / sizeof((a)[0]))


__attribute__((unused))
static const model_example_t  corpus_food[] = {
    corpus_item("a red apple", "fruit"),
    corpus_item("sweet banana", "fruit"),
    corpus_item("ripe yellow mango", "fruit"),
    corpus_item("juicy orange from Spain", "fruit"),
    corpus_item("a bowl of strawberries", "fruit"),
    corpus_item("cherry on the tree", "fruit"),
    corpus_item("boiled potato", "vegetable"),
    corpus_item("green cabbage soup", "vegetable"),
    corpus_item("carrot and onion", "vegetable"),
    corpus_item("fresh spinach leaves", "vegetable"),
    corpus_item("broccoli with garlic", "vegetable"),
    corpus_item("a sack of turnips", "vegetable")
};


#endif /* TEXT_CORPUS_H */
