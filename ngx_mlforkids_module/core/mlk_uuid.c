/*
 * UUIDs of versions 1 and 4 (RFC 4122).  Node and clock sequence of version 1
 * are random for each process, so processes never make the same id.
 */

#include <sys/random.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "mlk_text.h"

/* 100 ns intervals between 1582-10-15 and 1970-01-01 (RFC 4122, 4.1.4) */
#define MLK_UUID_EPOCH  UINT64_C(0x01b21dd213814000)


static uint64_t       mlk_uuid_last;
static unsigned char  mlk_uuid_node[8];     /* clock sequence and node */
static int            mlk_uuid_ready;


static int
mlk_uuid_random(unsigned char *dst, size_t len)
{
    ssize_t  n;

    /* up to 256 bytes come whole and uninterrupted (getrandom(2)) */
    n = getrandom(dst, len, 0);

    return n == (ssize_t) len ? 0 : MLK_ERROR;
}


static void
mlk_uuid_print(unsigned char *dst, const unsigned char *id)
{
    size_t             i;
    static const char  hex[] = "0123456789abcdef";

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *dst++ = '-';
        }

        *dst++ = (unsigned char) hex[id[i] >> 4];
        *dst++ = (unsigned char) hex[id[i] & 0x0f];
    }
}


void
mlk_uuid_init(void)
{
    mlk_uuid_ready = 0;
    mlk_uuid_last = 0;
}


int
mlk_uuid_v1_run(unsigned char *dst, size_t n)
{
    size_t           i, j;
    uint64_t         now;
    unsigned char    id[16];
    struct timespec  ts;

    if (!mlk_uuid_ready) {
        if (mlk_uuid_random(mlk_uuid_node, sizeof(mlk_uuid_node)) != 0) {
            return MLK_ERROR;
        }

        mlk_uuid_node[0] = (mlk_uuid_node[0] & 0x3f) | 0x80;
        mlk_uuid_node[2] |= 0x01;      /* multicast: no real address */
        mlk_uuid_ready = 1;
    }

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return MLK_ERROR;
    }

    now = (uint64_t) ts.tv_sec * 10000000 + (uint64_t) ts.tv_nsec / 100
          + MLK_UUID_EPOCH;

    if (now <= mlk_uuid_last) {
        now = mlk_uuid_last + 1;
    }

    if (n > 1 && (now >> 32) != ((now + n - 1) >> 32)) {
        /* begin behind the wrap of the low 32 bits: a moment ahead of time */
        now = ((now >> 32) + 1) << 32;
    }

    for (i = 0; i < n; i++) {
        id[0] = (unsigned char) (now >> 24);
        id[1] = (unsigned char) (now >> 16);
        id[2] = (unsigned char) (now >> 8);
        id[3] = (unsigned char) now;
        id[4] = (unsigned char) (now >> 40);
        id[5] = (unsigned char) (now >> 32);
        id[6] = (unsigned char) ((now >> 56) & 0x0f) | 0x10;
        id[7] = (unsigned char) (now >> 48);

        for (j = 0; j < 8; j++) {
            id[8 + j] = mlk_uuid_node[j];
        }

        mlk_uuid_print(dst + i * MLK_UUID_LEN, id);

        mlk_uuid_last = now++;
    }

    return 0;
}


int
mlk_uuid_v1(unsigned char *dst)
{
    return mlk_uuid_v1_run(dst, 1);
}


int
mlk_uuid_v4(unsigned char *dst)
{
    unsigned char  id[16];

    if (mlk_uuid_random(id, sizeof(id)) != 0) {
        return MLK_ERROR;
    }

    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;

    mlk_uuid_print(dst, id);

    return 0;
}
