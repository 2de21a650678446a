/* vitrine doctor: what is built in, what is missing, how to get it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bus/device.h"
#include "config.h"
#include "debugger/device_pages.h"
#include "frontends/commands.h"
#include "machine/board.h"

static void say(const char *what, int is_there, const char *how)
{
    printf("  %-28s %s%s%s\n", what, is_there ? "yes" : "no", is_there ? "" : "   fix: ",
           is_there ? "" : how);
}

static int print_state(void)
{
    printf("Vitrine %s\n\n", VITRINE_VERSION);
    say("SeaBIOS (" VITRINE_BIOS_PATH ")", access(VITRINE_BIOS_PATH, R_OK) == 0,
        "install the package seabios; the embedded firmware is used without it");
    say("VGA BIOS (" VITRINE_VGABIOS_PATH ")", access(VITRINE_VGABIOS_PATH, R_OK) == 0,
        "install the package seabios");
    say("network (libslirp)", HAVE_LIBSLIRP, "install libslirp-dev and run configure again");
    say("disassembly (Capstone)", HAVE_CAPSTONE, "install libcapstone-dev and run configure again");
    say("line editing (libedit)", HAVE_LIBEDIT, "install libedit-dev and run configure again");
    printf("  CPU dispatch                 %s\n",
#if defined VITRINE_DISPATCH_TAIL
           "tail calls"
#elif defined VITRINE_DISPATCH_GOTO
           "loop (computed goto has no form of its own yet)"
#else
           "loop"
#endif
    );
    printf("\nboards:\n");
    for (size_t i = 0; BOARDS[i]; i++)
        printf("  %-16s %s\n", BOARDS[i]->name, BOARDS[i]->title);
    printf("\ndevices:\n");
    for (size_t i = 0; DEVICE_TYPES[i]; i++)
        printf("  %-16s %s\n", DEVICE_TYPES[i]->name, DEVICE_TYPES[i]->title);
    return STATUS_OK;
}

/* docs/devices: a page for each type, and an index of them. */
static int write_pages(const char *folder)
{
    for (size_t i = 0; i == 0 || DEVICE_TYPES[i - 1]; i++) {
        const struct device_type *type = i ? DEVICE_TYPES[i - 1] : NULL;
        char path[4096];
        FILE *file;
        snprintf(path, sizeof path, "%s/%s.md", folder, type ? type->name : "README");
        file = fopen(path, "w");
        if (!file) {
            fprintf(stderr, "vitrine: error: %s: %s; fix: a folder that is there\n", path,
                    strerror(errno));
            return STATUS_FILE;
        }
        if (type)
            device_page_write(file, type);
        else
            device_index_write(file);
        fclose(file);
    }
    return STATUS_OK;
}

int doctor_command(int argc, char **argv)
{
    if (argc == 0)
        return print_state();
    if (argc == 2 && strcmp(argv[0], "--device-pages") == 0)
        return write_pages(argv[1]);
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        printf("usage: vitrine doctor [--device-pages FOLDER]\n");
        return STATUS_OK;
    }
    fprintf(stderr, "vitrine: error: doctor takes no '%s'; fix: vitrine doctor\n", argv[0]);
    return STATUS_USAGE;
}
