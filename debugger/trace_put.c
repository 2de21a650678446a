#include "debugger/trace_put.h"

#include <string.h>

char *put_text(char *to, const char *text)
{
    size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

char *put_decimal(char *to, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (count)
        *to++ = digits[--count];
    return to;
}

char *put_hex(char *to, uint64_t value)
{
    unsigned nibbles = 1;
    while (nibbles < 16 && value >> (4 * nibbles))
        nibbles++;
    while (nibbles--)
        *to++ = "0123456789abcdef"[value >> (4 * nibbles) & 15];
    return to;
}

/* Bytes of the well-formed UTF-8 character at `at`, 0 when there is none (Unicode 15, table 3-7). */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
        (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
        return 0;
    return length;
}

/* A text in quotes (RFC 8259, section 7). Bytes that are no UTF-8 become U+FFFD. */
char *put_quoted(char *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + PUT_TEXT_MAX;
    *to++ = '"';
    while (*at && at < end) {
        size_t length = utf8_length(at);
        if (length == 0) {
            to = put_text(to, "\\ufffd");
            at++;
        } else if (*at == '"' || *at == '\\') {
            *to++ = '\\';
            *to++ = (char)*at++;
        } else if (*at < 0x20) {
            to = put_text(to, "\\u00");
            *to++ = "0123456789abcdef"[*at >> 4];
            *to++ = "0123456789abcdef"[*at++ & 15];
        } else {
            memcpy(to, at, length);
            to += length;
            at += length;
        }
    }
    *to++ = '"';
    return to;
}
