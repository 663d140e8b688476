/*
 * The table of word vectors on disk, shared by the program that builds it and
 * the code that maps it.
 *
 * A header, then count entries sorted upwards, count scales, count rows of
 * 100 int8.  An entry is 48 bits of the word's hash above the row's number,
 * which is also the word's frequency rank less one; a component of a vector is
 * row[i] * scale.  Numbers are in the byte order of the machine that built the
 * table; the other order shows in the magic number.
 */

#ifndef TEXT_TABLE_H
#define TEXT_TABLE_H

#include <stdint.h>


#define TT_TABLE_MAGIC    0x56544c4dU    /* "MLTV" in little endian */
#define TT_TABLE_VERSION  1
#define TT_TABLE_WORDS    50000          /* must fit the entry's 16 bits */
#define TT_TABLE_DIM      100


typedef struct {
    uint32_t    magic;
    uint32_t    version;
    uint32_t    count;
    uint32_t    dim;
    uint64_t    size;        /* of the whole file */
    uint64_t    checksum;    /* tt_hash() of all behind the header */
} tt_table_t;


/* The 48 bits of a word's entry, in place; the low 16 bits are 0. */
uint64_t tt_table_key(const unsigned char *word, size_t len);


#endif /* TEXT_TABLE_H */
