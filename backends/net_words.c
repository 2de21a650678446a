#include "backends/net_words.h"

#include <string.h>

#include "base/bits.h"

static const char *const KEYS[] = {"net", "pcap", "hostfwd", "restrict", "loopback", "listen"};

bool net_word_is_known(const char *word)
{
    size_t length = strcspn(word, "=,");
    for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++)
        if (strlen(KEYS[i]) == length && strncmp(KEYS[i], word, length) == 0)
            return true;
    return false;
}

void net_words_split(const char *words, char *card, char *cable)
{
    card[0] = cable[0] = '\0';
    while (words && *words) {
        char *to = net_word_is_known(words) ? cable : card;
        size_t length = strcspn(words, ",");
        if (*to)
            strcat(to, ",");
        strncat(to, words, length);
        words += length + (words[length] == ',');
    }
}

static enum status take_kind(struct net_words *words, const char *value, struct error *error)
{
    if (words->kind != NET_NONE)
        return error_set(error, STATUS_USAGE, "net= is given twice; fix: leave one out");
    if (strcmp(value, "user") == 0)
        words->kind = NET_USER;
    else if (strcmp(value, "switch") == 0)
        words->kind = NET_SWITCH;
    else if (strcmp(value, "receiver") == 0)
        words->kind = NET_RECEIVER;
    else if (strncmp(value, "stream:", 7) == 0 && value[7])
        words->kind = NET_STREAM;
    else if (strncmp(value, "tap:", 4) == 0 && value[4])
        words->kind = NET_TAP;
    else
        return error_set(error, STATUS_USAGE,
                         "net=%.80s; fix: user, stream:PATH, tap:NAME, switch or receiver", value);
    words->net = value;
    words->path = strchr(value, ':') ? strchr(value, ':') + 1 : NULL;
    return STATUS_OK;
}

static enum status take_switch(const char *key, const char *value, bool *to, struct error *error)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return error_set(error, STATUS_USAGE, "%s=%.80s; fix: %s=on or %s=off", key, value, key,
                         key);
    *to = strcmp(value, "on") == 0;
    return STATUS_OK;
}

static enum status take(struct net_words *words, const char *key, const char *value,
                        struct error *error)
{
    if (strcmp(key, "net") == 0)
        return take_kind(words, value, error);
    if (strcmp(key, "restrict") == 0)
        return take_switch(key, value, &words->is_restricted, error);
    if (strcmp(key, "loopback") == 0)
        return take_switch(key, value, &words->reaches_loopback, error);
    if (strcmp(key, "listen") == 0)
        return take_switch(key, value, &words->listens, error);
    if (strcmp(key, "pcap") == 0) {
        if (words->pcap || !*value)
            return error_set(error, STATUS_USAGE, "pcap= wants one file; fix: pcap=FILE once");
        words->pcap = value;
        return STATUS_OK;
    }
    if (words->forward_count == NET_FORWARDS_MAX)
        return error_set(error, STATUS_USAGE, "more than %d hostfwd=; fix: leave some out",
                         NET_FORWARDS_MAX);
    words->forwards[words->forward_count++] = value;
    return STATUS_OK;
}

/* Options that need another one. */
static enum status check(const struct net_words *words, struct error *error)
{
    bool wants_user = words->is_restricted || words->reaches_loopback || words->forward_count != 0;
    if (wants_user && words->kind != NET_USER)
        return error_set(error, STATUS_USAGE,
                         "hostfwd=, restrict= and loopback= go with net=user; "
                         "fix: add net=user");
    if (words->listens && words->kind != NET_STREAM)
        return error_set(error, STATUS_USAGE,
                         "listen= goes with net=stream:PATH; fix: leave it out");
    return STATUS_OK;
}

enum status net_words_parse(struct net_words *words, const char *text, struct error *error)
{
    char *word, *rest;
    memset(words, 0, sizeof *words);
    if (strlen(text) >= sizeof words->text)
        return error_set(error, STATUS_USAGE,
                         "the NIC's options are longer than %d bytes; fix: fewer",
                         NET_WORDS_TEXT - 1);
    strcpy(words->text, text);
    for (word = words->text; word && *word; word = rest) {
        char *equals;
        enum status status;
        rest = strchr(word, ',');
        if (rest)
            *rest++ = '\0';
        equals = strchr(word, '=');
        if (!equals)
            return error_set(error, STATUS_USAGE, "'%s' has no value; fix: %s=VALUE", word, word);
        *equals = '\0';
        if ((status = take(words, word, equals + 1, error)) != STATUS_OK)
            return status;
    }
    return check(words, error);
}
