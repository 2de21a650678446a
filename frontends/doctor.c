/* vitrine doctor: what is built in, what is missing, how to get it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bus/device.h"
#include "config.h"
#include "frontends/commands.h"

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
#ifdef HAVE_CAPSTONE
    say("disassembly (Capstone)", 1, "");
#else
    say("disassembly (Capstone)", 0, "install libcapstone-dev and run configure again");
#endif
#ifdef HAVE_LIBEDIT
    say("line editing (libedit)", 1, "");
#else
    say("line editing (libedit)", 0, "install libedit-dev and run configure again");
#endif
    printf("  CPU dispatch                 %s\n",
#if defined VITRINE_DISPATCH_TAIL
           "tail calls"
#elif defined VITRINE_DISPATCH_GOTO
           "computed goto"
#else
           "loop"
#endif
    );
    printf("\ndevices:\n");
    for (size_t i = 0; DEVICE_TYPES[i]; i++)
        printf("  %-16s %s\n", DEVICE_TYPES[i]->name, DEVICE_TYPES[i]->title);
    return STATUS_OK;
}

int doctor_command(int argc, char **argv)
{
    if (argc == 0)
        return print_state();
    printf("usage: vitrine doctor\n");
    return argc == 1 && strcmp(argv[0], "--help") == 0 ? STATUS_OK : STATUS_USAGE;
}
