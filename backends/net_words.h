/* What a NIC's options say about its cable: "net=user,hostfwd=tcp::8080-:80,pcap=FILE". */
#ifndef VITRINE_BACKENDS_NET_WORDS_H
#define VITRINE_BACKENDS_NET_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define NET_WORDS_TEXT   512
#define NET_FORWARDS_MAX 16

enum net_kind {
    NET_NONE,   /* no cable */
    NET_USER,   /* the workstation's network by address translation (libslirp) */
    NET_STREAM, /* a UNIX socket; path */
    NET_TAP,    /* a network interface of the workstation; path is its name */
    NET_SWITCH, /* the switch that all such NICs of a machine share */
    NET_RECEIVER /* a station that acknowledges (net_receiver.h) */
};

struct net_words {
    enum net_kind kind;
    const char *net;  /* as written: "stream:/tmp/a" */
    const char *path; /* behind its colon */
    const char *pcap; /* NULL: no capture */
    const char *forwards[NET_FORWARDS_MAX];
    size_t forward_count;
    bool is_restricted;    /* user: the guest reaches nothing, forwards still lead in */
    bool reaches_loopback; /* user: the workstation's loopback is 10.0.2.2 for the guest */
    bool listens;          /* stream: waits for a peer instead of looking for one */
    char text[NET_WORDS_TEXT];
};

/* Whether an option of a NIC is about its cable (and not the card's). */
bool net_word_is_known(const char *word);
/* Sorts the comma-separated options of a NIC: those of the card, those of its cable. The rooms hold
 * at least as much as `words`. */
void net_words_split(const char *words, char *card, char *cable);
/* Reads the cable's options, which point into words->text. STATUS_USAGE with the word that is wrong. */
enum status net_words_parse(struct net_words *words, const char *text, struct error *error);

#endif
