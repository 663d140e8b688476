/* What decodes must encode to the same text again. */

#include "fuzz_core.h"
#include "mlk_jwt.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int             n;
    size_t          len;
    unsigned char  *bytes, *text;

    /* exactly as much room as the header promises to be enough */
    bytes = malloc(size * 3 / 4 + !size);
    must(bytes != NULL);

    n = mlk_base64url_decode(bytes, data, size);

    if (n >= 0) {
        text = malloc(((size_t) n * 4 + 2) / 3 + !n);
        must(text != NULL);

        len = mlk_base64url_encode(text, bytes, (size_t) n);
        must(len == size && (size == 0 || memcmp(text, data, size) == 0));

        free(text);
    }

    free(bytes);

    return 0;
}
