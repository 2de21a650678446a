/* Captures of single instructions in JSON files, and their metadata: an array of tests, each an object that has
 * "name", "bytes", "initial" and "final" ({"regs", "ram", "queue"}), "exception", and "hash", "idx" (in older sets
 * "test_hash", "test_num"). Specification: README.md of SingleStepTests/8088, 8086, 80286 and 80386. */
#ifndef VITRINE_TESTS_UNIT_CAPTURE_JSON_H
#define VITRINE_TESTS_UNIT_CAPTURE_JSON_H

#include "tests/unit/moo.h"

struct capture_json {
    const char *at; /* behind the last test */
    uint8_t *ram;   /* of the last test; malloc() */
    size_t ram_used, ram_room;
    uint8_t bytes[32];
};

/* False: no array of objects. The text ends with a zero and outlives the file. */
bool capture_json_open(struct capture_json *file, const char *text);
/* The next test, as moo_next() gives it; what it points to lasts until the next call. */
bool capture_json_next(struct capture_json *file, struct moo_test *test);
/* Did the last call find the end of the array? If not, the text is damaged. */
bool capture_json_has_ended(const struct capture_json *file);
void capture_json_close(struct capture_json *file);

/* The text of the value that a path of keys leads to, in whatever case; NULL: it is not there. */
const char *capture_json_find(const char *text, const char *const *path, size_t count);

#endif
