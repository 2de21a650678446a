#include "frontends/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"

int verbs_find(const char *command, const char *word, const char *const *names, size_t count,
               const char *fix)
{
    const char *nearest;
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, names[i]) == 0)
            return (int)i;
    nearest = words_nearest(word, names, count);
    fprintf(stderr, "vitrine: error: %s: unknown word '%s'; fix: %s%s\n", command, word,
            nearest ? "did you mean " : fix, nearest ? nearest : "");
    return -1;
}
