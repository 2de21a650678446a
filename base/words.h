/* Words that users write: sizes, numbers, the nearest match of a misspelt one. */
#ifndef VITRINE_BASE_WORDS_H
#define VITRINE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Edits (insert, delete, replace) that turn one word into the other. */
size_t words_distance(const char *a, const char *b);
/* The nearest of `count` names; NULL when none is near enough to be meant. */
const char *words_nearest(const char *word, const char *const *names, size_t count);
/* A whole number, decimal or 0x hexadecimal; false for anything else, signs included. */
bool words_number(const char *text, uint64_t *value);
/* "64M", "512K", "2G", "4096" (bytes); false for anything else, or past 2^63. */
bool words_size(const char *text, uint64_t *bytes);

#endif
