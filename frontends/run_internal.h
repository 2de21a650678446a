/* One machine as the command line describes it: what run.c and tests share. */
#ifndef VITRINE_FRONTENDS_RUN_INTERNAL_H
#define VITRINE_FRONTENDS_RUN_INTERNAL_H

#include "frontends/run_again.h"
#include "frontends/session.h"
#include "machine/boot.h"

struct run {
    struct session session;
    struct run_options options;
    struct machine_config config;
    char disk_settings[MACHINE_DISKS][64]; /* of virtio disks */
    char rooms[OPTION_LIST_MAX][512];      /* words of --nic */
    struct machine *machine;
    struct boot *boot;
    struct run_again again;
};

/* Builds session and machine from run->options. Whatever it gives, run_close() comes after it. */
enum status run_build(struct run *run, struct error *error);
void run_close(struct run *run);

#endif
