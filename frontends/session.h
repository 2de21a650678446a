/* What run, debug and host share: a world, back-ends opened from the command line, the display, the
 * trace, and an orderly end. */
#ifndef VITRINE_FRONTENDS_SESSION_H
#define VITRINE_FRONTENDS_SESSION_H

#include "backends/block_image.h"
#include "frontends/frontend.h"
#include "frontends/input_log.h"
#include "frontends/network.h"
#include "frontends/options.h"
#include "machine/machine.h"

#define SESSION_DISKS 16
#define SESSION_CHARDEVS 72
#define SESSION_GUESTS 64

struct signal_thread;
struct sound;
struct symbols;
struct trace;

struct session {
    const struct run_options *options;
    struct world world;
    bool has_world;
    struct image_set images;
    struct block *disks[SESSION_DISKS];
    size_t disk_count;
    struct chardev *chardevs[SESSION_CHARDEVS];
    size_t chardev_count;
    struct network network;
    uint8_t *bios, *vga_bios;
    size_t bios_bytes, vga_bios_bytes;
    struct trace *trace;
    struct symbols *symbols; /* --sym; NULL: none */
    struct signal_thread *signals;
    const char *display_kind;
    struct frontend *frontend; /* NULL: none */
    struct world_watcher watcher;
    struct sound *sound; /* NULL: none */
    struct machine *machine; /* whose screen is shown and who gets the keys */
    const struct display_screen *screen; /* what the front end shows; NULL: the machine's own */
    struct machine *guests[SESSION_GUESTS]; /* all with a processor, to be watched */
    size_t guest_count;
    struct machine *debugged; /* whom --gdb and debug mean; NULL: the same */
    uint64_t kernel_entry;    /* linear address where debug stops first; 0: the boot sector */
    struct chardev *terminal_serial; /* of the terminal front end, when a port uses it */
    struct world_channel input_channel;
    struct world_channel serial_channels[SESSION_CHARDEVS];
    struct world_channel modem_channels[SESSION_CHARDEVS];
    bool has_leave_key; /* Ctrl-A was typed on a serial console's terminal */
    uint64_t rtc_seconds;
    struct input_log inputs;    /* what came in, */
    struct input_player player; /* or, in a second run, comes again */
};

/* Starts the world and chooses the display: as asked for; else a window where there is one, the
 * terminal where both ends are one and no serial port is on it, else none. */
enum status session_open(struct session *session, const struct run_options *options,
                         uint64_t clock_hz, struct error *error);
/* How a disk is attached, as its options say. */
struct session_disk_model {
    bool is_virtio;
    bool has_mechanics;
    char settings[64]; /* of the virtio device */
};
/* "FILE[,format=raw|qcow2|gz][,geometry=C/H/S][,ro][,overlay][,backing=any]
 * [,mechanics=realistic|immediate][,model=ata|virtio-blk][,transport=T]" */
enum status session_disk(struct session *session, const char *spec, struct block **block,
                         struct session_disk_model *model, struct error *error);
/* For images that a single machine writes: --overlay, and what a full disk of the workstation means. */
struct block_image_options session_image_options(struct session *session);
/* Opens an image as the session's next; in a second run, that of the first as it was at the start. */
enum status session_image(struct session *session, const char *path,
                          struct block_image_options *options, struct block **block,
                          struct error *error);
/* "FILE[,format=F][,ro][,overlay][,mechanics=M][,next=FILE...]": the diskettes of a drive, MACHINE_FLOPPY_DISKS
 * at most. */
enum status session_floppy(struct session *session, const char *spec, struct block **disks,
                           bool *has_mechanics, struct error *error);
/* A CD-ROM image: only read. */
enum status session_disc(struct session *session, const char *path, struct block **block,
                         struct error *error);
/* "stdio", "file:PATH", "pty", "unix:PATH", "tcp:PORT", "null"; *chardev NULL for null. */
enum status session_chardev(struct session *session, const char *spec, struct chardev **chardev,
                            struct error *error);
/* Firmware: as asked for, else SeaBIOS as configure found it, else the embedded one. SeaBIOS finds its
 * video BIOS by PCI only: a board without gets the embedded one. */
enum status session_firmware(struct session *session, struct machine_blob *bios,
                             struct machine_blob *vga_bios, struct error *error);
/* Opens the display and connects screen and input of this machine; opens the trace. */
enum status session_show(struct session *session, struct machine *machine, struct error *error);
/* In a second run instead of the above: what came from outside in the first comes again, when it came. */
void session_replay(struct session *session, struct machine *machine);
/* Runs the world to its end; writes the screenshot. Returns the exit status. */
int session_run(struct session *session, struct error *error);
/* Closes window or terminal, so that what is printed afterwards is seen. */
void session_end_display(struct session *session);
void session_close(struct session *session);
/* Prints "vitrine: error: ..." and returns the status. */
int session_fail(const struct error *error);

#endif
