/* The word behind `vitrine disk`, `vitrine trace`: which of the command's verbs it is. */
#ifndef VITRINE_FRONTENDS_VERBS_H
#define VITRINE_FRONTENDS_VERBS_H

#include <stddef.h>

/* The place of `word` among `count` names; -1: it is none, and standard error has been
 * told which one may have been meant, or else `fix`. */
int verbs_find(const char *command, const char *word, const char *const *names, size_t count,
               const char *fix);

#endif
