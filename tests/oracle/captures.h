/* Files of captures in either format, packed or not. */
#ifndef VITRINE_TESTS_ORACLE_CAPTURES_H
#define VITRINE_TESTS_ORACLE_CAPTURES_H

#include "tests/unit/capture_json.h"
#include "tests/unit/moo.h"

struct captures {
    char *bytes;
    bool is_json;
    struct moo_file moo; /* of JSON only the processor */
    struct capture_json json;
};

/* A whole file, unpacked, with a zero behind it; malloc(); NULL: it cannot be read. */
char *captures_read(const char *path, size_t *size);
/* Does the name begin with an opcode and end as the sets' files do? */
bool captures_have_name(const char *name);
/* A message and false where it cannot be read or has neither format. A set in JSON has its processor's name in
 * metadata.json, whose text is `metadata`; the only one without is the 80386's. */
bool captures_open(struct captures *captures, const char *path, const char *metadata);
bool captures_next(struct captures *captures, struct moo_test *test);
/* Behind the last test: was that the end of the file? */
bool captures_have_ended(const struct captures *captures);
void captures_close(struct captures *captures);

#endif
