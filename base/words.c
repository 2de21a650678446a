#include "base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

size_t words_distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], la = strlen(a), lb = strlen(b);
    if (la > WORD_MAX || lb > WORD_MAX)
        return la > lb ? la : lb;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[lb];
}

const char *words_nearest(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t best = strlen(word) / 2 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t distance = words_distance(word, names[i]);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

bool words_number(const char *text, uint64_t *value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
    return *end == '\0' && errno == 0;
}

bool words_size(const char *text, uint64_t *bytes)
{
    static const char UNITS[] = "KMGT";
    char digits[32];
    size_t length = strlen(text);
    const char *unit = NULL;
    uint64_t scale = 1;
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length + 1);
    if (text[length - 1] >= 'a' && text[length - 1] <= 'z' && text[1] != 'x')
        digits[length - 1] = (char)(text[length - 1] - 'a' + 'A');
    unit = strchr(UNITS, digits[length - 1]);
    if (unit) {
        scale = (uint64_t)1 << (10 * (unit - UNITS + 1));
        digits[length - 1] = '\0';
    }
    if (!words_number(digits, bytes) || *bytes > (UINT64_MAX >> 1) / scale)
        return false;
    *bytes *= scale;
    return true;
}
