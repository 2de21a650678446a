/* System calls served below the guest's kernel: decoded to number, descriptor and length by both ways in, and
 * hostile arguments: pointers to nowhere, to the kernel's pages and to read-only ones, lengths across pages. Numbers
 * and errors are those of Linux for i386 (arch/x86/entry/syscalls/syscall_32.tbl, errno-base.h, linux/net.h). */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "bus/block.h"
#include "bus/chardev.h"
#include "bus/net.h"
#include "cpu/internal.h"
#include "tests/unit/guest_box.h"

enum {
    READ = 3,
    WRITE = 4,
    LSEEK = 19,
    SOCKETCALL = 102,
    SENDTO = 369,
    SYS_SEND = 9,
    SYS_SENDTO = 11
};
enum { EIO = 5, EFAULT = 14, EINVAL = 22 };
enum { CONSOLE_FD = 1, DISK_FD = 3, NET_FD = 4, OTHER_FD = 5 };
/* The guest's frames: tables, and where its pages lie; linear addresses from 400000h. */
enum { DIRECTORY = 8, PAGES = 9, FIRST = 20, SECOND = 30, READ_ONLY = 31, KERNEL = 32 };
#define LINEAR 0x400000u
enum {
    AT_FIRST = 0x0000,
    AT_SECOND = 0x1000,
    AT_NOTHING = 0x2000,
    AT_READ_ONLY = 0x4000,
    AT_KERNEL = 0x5000
};

static struct guest_box box;
static struct syscalls *calls;
static struct net_port cable;
static struct chardev console;
static uint8_t out[65536];
static size_t out_bytes;
static unsigned out_count;
static struct block disk; /* in the place of a vdisk, whose first member it is */
static struct block_request *submitted;

static void take(const uint8_t *bytes, size_t count)
{
    memcpy(out, bytes, count);
    out_bytes = count;
    out_count++;
}

static void at_switch(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    (void)self;
    (void)cause;
    take(frame, bytes);
}

static void at_console(struct chardev *chardev, const uint8_t *bytes, size_t count)
{
    (void)chardev;
    take(bytes, count);
}

static void submit(struct block *block, struct block_request *request)
{
    (void)block;
    submitted = request;
}

static void cancel(struct block *block, struct block_request *request)
{
    (void)block;
    (void)request;
    submitted = NULL;
}

static const struct block_ops DISK_OPS = {.submit = submit, .cancel = cancel};

static void map(unsigned page, uint32_t gfn, uint32_t rights)
{
    store_le32(guest_box_frame(&box, PAGES) + page * 4, gfn << 12 | rights);
}

/* User code at CPL 3 with paging. */
static void to_user_mode(void)
{
    struct cpu_registers r;
    cpu_get_registers(box.machines[0]->cpu, &r);
    store_le32(guest_box_frame(&box, DIRECTORY) + 4, PAGES << 12 | 7);
    map(0, FIRST, 7);
    map(1, SECOND, 7);
    map(4, READ_ONLY, 5);
    map(5, KERNEL, 3);
    for (unsigned i = 0; i < 6; i++)
        r.segment[i] = (struct cpu_segment){0, 0xFFFFFFFF, i == CPU_CS ? 0x23 : 0x2B,
                                            i == CPU_CS ? 0xCFB : 0xCF3};
    r.cr3 = DIRECTORY << 12;
    r.cr0 |= 0x80000001u;
    cpu_set_registers(box.machines[0]->cpu, &r);
    ck_assert_uint_eq(cpu_privilege(box.machines[0]->cpu), 3);
}

static void setup(void)
{
    struct error error;
    guest_box_init(&box);
    out_count = 0;
    submitted = NULL;
    cable = (struct net_port){.receive = at_switch};
    console = (struct chardev){.write = at_console};
    disk = (struct block){.ops = &DISK_OPS};
    box.guests[0].nic_cable = &cable;
    box.guests[0].vdisk = (struct vdisk *)(void *)&disk;
    box.machines[0]->config.serials[0] = &console;
    box.lab.guests[0].services[CONSOLE_FD] = SERVICE_CONSOLE;
    box.lab.guests[0].services[DISK_FD] = SERVICE_DISK;
    box.lab.guests[0].services[NET_FD] = SERVICE_NETWORK;
    ck_assert_int_eq(syscalls_new(&calls, &box.guests[0], &error), STATUS_OK);
    to_user_mode();
}

static void teardown(void)
{
    syscalls_free(calls);
    box.guests[0].vdisk = NULL;
    guest_box_fini(&box);
}

static const struct cpu_exit INT_80H = {.kind = CPU_EXIT_INT_N, .vector = 0x80};
static const struct cpu_exit SYSENTER = {.kind = CPU_EXIT_SYSENTER};

static bool call(const struct cpu_exit *way, uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    struct cpu *cpu = box.machines[0]->cpu;
    cpu_set_gpr(cpu, CPU_AX, number);
    cpu_set_gpr(cpu, CPU_BX, a);
    cpu_set_gpr(cpu, CPU_CX, b);
    cpu_set_gpr(cpu, CPU_DX, c);
    return syscalls_leave(calls, way);
}

static int32_t answer(void)
{
    return (int32_t)(uint32_t)cpu_get_gpr(box.machines[0]->cpu, CPU_AX);
}

static uint8_t *user(uint32_t offset)
{
    return guest_box_frame(&box, offset < AT_SECOND ? FIRST : SECOND) + offset % 4096;
}

/* socketcall's arguments stand in memory. */
static void put_arguments(uint32_t offset, uint32_t descriptor, uint32_t pointer, uint32_t length)
{
    store_le32(user(offset), descriptor);
    store_le32(user(offset + 4), pointer);
    store_le32(user(offset + 8), length);
}

static void complete(enum block_result result, uint32_t sectors)
{
    struct block_request *request = submitted;
    ck_assert_ptr_nonnull(request);
    submitted = NULL;
    request->result = result;
    request->done_sectors = sectors;
    request->complete(request);
}

START_TEST(sends_are_known_by_every_number_and_both_ways_in)
{
    const struct cpu_exit *const WAYS[] = {&INT_80H, &SYSENTER};
    for (unsigned w = 0; w < 2; w++) {
        const struct cpu_exit *way = WAYS[w];
        uint32_t from = LINEAR + AT_FIRST + 0x100;
        memset(user(AT_FIRST + 0x100), 'a' + (int)w, 100);
        put_arguments(AT_FIRST, NET_FD, from, 71);
        ck_assert(call(way, WRITE, NET_FD, from, 70));
        ck_assert_int_eq(answer(), 70);
        ck_assert(call(way, SOCKETCALL, SYS_SEND, LINEAR + AT_FIRST, 0));
        ck_assert_int_eq(answer(), 71);
        ck_assert(call(way, SOCKETCALL, SYS_SENDTO, LINEAR + AT_FIRST, 0));
        ck_assert_int_eq(answer(), 71);
        ck_assert(call(way, SENDTO, NET_FD, from, 72));
        ck_assert_int_eq(answer(), 72);
        ck_assert_uint_eq(out_bytes, 72);
        ck_assert_uint_eq(out[71], 'a' + w);
    }
    ck_assert_uint_eq(out_count, 8);
    ck_assert_uint_eq(syscalls_counts(calls)->sent, 8);
}
END_TEST

START_TEST(what_is_not_ours_is_left_to_the_guests_kernel)
{
    const struct cpu_exit other = {.kind = CPU_EXIT_INT_N, .vector = 0x81};
    ck_assert(!call(&other, WRITE, NET_FD, LINEAR, 60));
    ck_assert(!call(&INT_80H, WRITE, OTHER_FD, LINEAR, 60));
    ck_assert(!call(&INT_80H, WRITE, 16, LINEAR, 60));
    ck_assert(!call(&INT_80H, WRITE, 0xFFFFFFFF, LINEAR, 60));
    ck_assert(!call(&INT_80H, 1, NET_FD, LINEAR, 60));
    ck_assert(!call(&SYSENTER, READ, NET_FD, LINEAR, 60));
    ck_assert(!call(&SYSENTER, READ, CONSOLE_FD, LINEAR, 60));
    ck_assert(!call(&SYSENTER, SENDTO, DISK_FD, LINEAR, 512));
    ck_assert(!call(&INT_80H, SOCKETCALL, 1, LINEAR, 0)); /* socket() */
    ck_assert(
        !call(&INT_80H, SOCKETCALL, SYS_SEND, LINEAR + AT_NOTHING, 0)); /* the kernel's EFAULT */
    ck_assert(!call(&INT_80H, SOCKETCALL, SYS_SEND, LINEAR + AT_NOTHING - 8, 0));
    ck_assert_uint_eq(out_count, 0);
    ck_assert_uint_eq(syscalls_counts(calls)->served, 0);
}
END_TEST

START_TEST(a_length_across_pages_is_gathered_from_where_they_lie)
{
    for (uint32_t i = 0; i < 100; i++)
        *user(AT_SECOND - 50 + i) = (uint8_t)(i + 1);
    ck_assert(call(&SYSENTER, WRITE, CONSOLE_FD, LINEAR + AT_SECOND - 50, 100));
    ck_assert_int_eq(answer(), 100);
    ck_assert_uint_eq(out_bytes, 100);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(out[i], i + 1);
}
END_TEST

START_TEST(what_the_program_may_not_read_is_efault_and_goes_nowhere)
{
    static const struct {
        uint32_t pointer, length;
    } WRONG[] = {
        {LINEAR + AT_NOTHING,     60        },
        {LINEAR + AT_NOTHING - 1, 60        },
        {LINEAR + AT_KERNEL,      60        },
        {LINEAR + AT_KERNEL - 30, 60        },
        {0,                       60        },
        {0xFFFFFFFF,              60        },
        {0xFFFFF000,              4097      },
        {LINEAR + AT_FIRST,       0x4000    },
        {LINEAR + AT_FIRST,       0xFFFFFFFF},
    };
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++) {
        ck_assert(call(&INT_80H, WRITE, CONSOLE_FD, WRONG[i].pointer, WRONG[i].length));
        ck_assert_msg(answer() == -EFAULT, "row %zu: %d", i, answer());
        if (WRONG[i].length == 60) {
            ck_assert(call(&SYSENTER, SENDTO, NET_FD, WRONG[i].pointer, 60));
            ck_assert_msg(answer() == -EFAULT, "row %zu: %d", i, answer());
        }
        if (WRONG[i].pointer != LINEAR + AT_FIRST) {
            ck_assert(call(&SYSENTER, WRITE, DISK_FD, WRONG[i].pointer, 512));
            ck_assert_msg(answer() == -EFAULT, "row %zu: %d", i, answer());
        }
    }
    ck_assert(call(&INT_80H, WRITE, CONSOLE_FD, LINEAR + AT_READ_ONLY, 60)); /* which may be read */
    ck_assert_int_eq(answer(), 60);
    ck_assert_uint_eq(out_count, 1);
    ck_assert_ptr_null(submitted);
}
END_TEST

START_TEST(what_the_program_may_not_write_is_not_read_into)
{
    static const uint32_t WRONG[] = {AT_READ_ONLY, AT_KERNEL, AT_NOTHING, AT_NOTHING - 511};
    uint8_t before[4096];
    memcpy(before, guest_box_frame(&box, KERNEL), sizeof before);
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++) {
        ck_assert(call(&INT_80H, READ, DISK_FD, LINEAR + WRONG[i], 512));
        ck_assert_int_eq(answer(), -EFAULT);
        ck_assert_ptr_null(submitted);
    }
    /* The page goes while the disk is asked. */
    ck_assert(call(&INT_80H, READ, DISK_FD, LINEAR + AT_FIRST, 512));
    ck_assert_ptr_nonnull(submitted);
    map(0, KERNEL, 3);
    complete(BLOCK_OK, 1);
    ck_assert_int_eq(answer(), -EFAULT);
    ck_assert_mem_eq(guest_box_frame(&box, KERNEL), before, sizeof before);
}
END_TEST

START_TEST(a_read_of_the_disk_lies_where_lseek_said_and_crosses_pages)
{
    ck_assert(call(&SYSENTER, LSEEK, DISK_FD, 7 * 512, 0));
    ck_assert_int_eq(answer(), 7 * 512);
    ck_assert(call(&SYSENTER, READ, DISK_FD, LINEAR + AT_SECOND - 512, 1024));
    ck_assert(box.guests[0].is_waiting);
    ck_assert_uint_eq(submitted->at.lba, 7);
    ck_assert_uint_eq(submitted->sectors, 2);
    memset(submitted->bytes, 1, 512);
    memset(submitted->bytes + 512, 2, 512);
    complete(BLOCK_OK, 2);
    ck_assert(!box.guests[0].is_waiting);
    ck_assert_int_eq(answer(), 1024);
    ck_assert_uint_eq(*user(AT_SECOND - 1), 1);
    ck_assert_uint_eq(*user(AT_SECOND), 2);
    ck_assert(call(&INT_80H, READ, DISK_FD, LINEAR, 512)); /* and the next goes on behind it */
    ck_assert_uint_eq(submitted->at.lba, 9);
    complete(BLOCK_RANGE, 0);
    ck_assert_int_eq(answer(), 0); /* the end of the disk */
    ck_assert(call(&INT_80H, READ, DISK_FD, LINEAR, 512));
    complete(BLOCK_READ_ERROR, 0);
    ck_assert_int_eq(answer(), -EIO);
}
END_TEST

START_TEST(lengths_that_no_device_takes_are_einval)
{
    static const uint32_t LENGTHS[] = {1, 511, 513, 65536 + 512, 0xFFFFFFFF};
    for (size_t i = 0; i < ARRAY_COUNT(LENGTHS); i++) {
        ck_assert(call(&INT_80H, READ, DISK_FD, LINEAR, LENGTHS[i]));
        ck_assert_int_eq(answer(), -EINVAL);
    }
    ck_assert(call(&INT_80H, READ, DISK_FD, LINEAR, 0));
    ck_assert_int_eq(answer(), 0);
    ck_assert(call(&INT_80H, LSEEK, DISK_FD, 512, 2));
    ck_assert_int_eq(answer(), -EINVAL);
    ck_assert(call(&INT_80H, WRITE, NET_FD, LINEAR, 13));
    ck_assert_int_eq(answer(), -EINVAL);
    ck_assert(call(&INT_80H, SENDTO, NET_FD, LINEAR, NET_FRAME_MAX + 1));
    ck_assert_int_eq(answer(), -EINVAL);
    ck_assert_uint_eq(out_count, 0);
}
END_TEST

/* --- in a program that runs: its kernel is asked for pages as by any instruction ------------------------------ */

enum { CODE = 0x800 };

/* A kernel as small as can be: what a page fault asks for, it gives. */
static struct {
    unsigned faults;
    uint32_t error_code;
    uint64_t linear, ip;
} kernel;

static bool leave_both(void *self, struct cpu *cpu, const struct cpu_exit *exit)
{
    struct cpu_registers r;
    (void)self;
    if (exit->kind != CPU_EXIT_EXCEPTION)
        return syscalls_leave(calls, exit);
    ck_assert_uint_eq(exit->vector, 14);
    cpu_get_registers(cpu, &r);
    kernel.faults++;
    kernel.error_code = exit->error_code;
    kernel.linear = r.cr2;
    kernel.ip = r.ip;
    map((unsigned)(r.cr2 - LINEAR) >> 12, SECOND, 7);
    cpu_set_registers(cpu, &r); /* a kernel would flush the page */
    return true;
}

/* Runs the code of the program's first page. */
static void run(const uint8_t *code, size_t bytes, uint32_t number, uint32_t pointer)
{
    const struct cpu_exit_hook hook = {CPU_EXIT_INT_N | CPU_EXIT_SYSENTER | CPU_EXIT_EXCEPTION,
                                       leave_both, NULL};
    struct cpu *cpu = box.machines[0]->cpu;
    struct cpu_registers r;
    memset(&kernel, 0, sizeof kernel);
    memcpy(guest_box_frame(&box, FIRST) + CODE, code, bytes);
    cpu_set_exit_hook(cpu, &hook);
    cpu_get_registers(cpu, &r);
    r.gpr[CPU_AX] = number;
    r.gpr[CPU_BX] = DISK_FD;
    r.gpr[CPU_CX] = pointer;
    r.gpr[CPU_DX] = 512;
    r.ip = LINEAR + CODE;
    cpu_set_registers(cpu, &r);
    box.world.timeline.slice_end = box.world.timeline.now + 10;
    (void)cpu_run(cpu);
}

START_TEST(a_page_that_its_kernel_copies_on_write_is_asked_for)
{
    static const uint8_t CALL[] = {0xCD, 0x80, 0xEB, 0xFE};
    run(CALL, sizeof CALL, READ, LINEAR + AT_READ_ONLY + 0x123);
    ck_assert_uint_eq(kernel.faults, 1);
    ck_assert_uint_eq(kernel.error_code, 7); /* present, written, by the program */
    ck_assert_uint_eq(kernel.linear, LINEAR + AT_READ_ONLY + 0x123);
    ck_assert_uint_eq(kernel.ip, LINEAR + CODE); /* the call begins again */
    ck_assert_ptr_nonnull(submitted);
    memset(submitted->bytes, 7, 512);
    complete(BLOCK_OK, 1);
    ck_assert_int_eq(answer(), 512);
    ck_assert_uint_eq(guest_box_frame(&box, SECOND)[0x123], 7);
    ck_assert_uint_eq(guest_box_frame(&box, READ_ONLY)[0x123], 0);
    ck_assert_uint_eq(guest_box_frame(&box, PAGES)[4 * 4] & 0x60, 0x60); /* accessed and dirty */
}
END_TEST

START_TEST(a_page_that_is_not_there_yet_is_asked_for)
{
    static const uint8_t CALL[] = {0xCD, 0x80, 0xEB, 0xFE};
    run(CALL, sizeof CALL, WRITE, LINEAR + AT_NOTHING - 256);
    ck_assert_uint_eq(kernel.faults, 1);
    ck_assert_uint_eq(kernel.error_code, 4);
    ck_assert_uint_eq(kernel.linear, LINEAR + AT_NOTHING);
    ck_assert_ptr_nonnull(submitted);
}
END_TEST

START_TEST(a_page_of_the_kernel_is_efault_and_nobody_is_asked)
{
    static const uint8_t CALL[] = {0xCD, 0x80, 0xEB, 0xFE};
    run(CALL, sizeof CALL, READ, LINEAR + AT_KERNEL);
    ck_assert_uint_eq(kernel.faults, 0);
    ck_assert_int_eq(answer(), -EFAULT);
    ck_assert_ptr_null(submitted);
}
END_TEST

/* Linux' __kernel_vsyscall behind its SYSENTER; a program of its own; then a loop. */
START_TEST(a_sysenter_goes_on_where_the_vdso_does)
{
    static const struct {
        uint8_t code[13];
        unsigned lands;
    } ROWS[] = {
        {{0x0F, 0x34, 0xCD, 0x80, 0xEB, 0xFE},                                           4 },
        {{0x0F, 0x34, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xEB, 0xF3, 0xEB, 0xFE}, 11},
        {{0x0F, 0x34, 0xEB, 0xFE},                                                       2 },
    };
    struct cpu_registers r;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        submitted = NULL;
        box.machines[0]->cpu->system.msrs.sysenter_cs = 8; /* it has one */
        run(ROWS[i].code, sizeof ROWS[i].code, READ, LINEAR + AT_FIRST);
        ck_assert_ptr_nonnull(submitted);
        complete(BLOCK_OK, 1);
        ck_assert_int_eq(answer(), 512);
        cpu_get_registers(box.machines[0]->cpu, &r);
        ck_assert_uint_eq(r.ip, LINEAR + CODE + ROWS[i].lands);
    }
}
END_TEST

Suite *syscalls_suite(void)
{
    Suite *suite = suite_create("syscalls");
    TCase *tcase = tcase_create("syscalls");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_page_that_its_kernel_copies_on_write_is_asked_for);
    tcase_add_test(tcase, a_page_that_is_not_there_yet_is_asked_for);
    tcase_add_test(tcase, a_page_of_the_kernel_is_efault_and_nobody_is_asked);
    tcase_add_test(tcase, a_sysenter_goes_on_where_the_vdso_does);
    tcase_add_test(tcase, sends_are_known_by_every_number_and_both_ways_in);
    tcase_add_test(tcase, what_is_not_ours_is_left_to_the_guests_kernel);
    tcase_add_test(tcase, a_length_across_pages_is_gathered_from_where_they_lie);
    tcase_add_test(tcase, what_the_program_may_not_read_is_efault_and_goes_nowhere);
    tcase_add_test(tcase, what_the_program_may_not_write_is_not_read_into);
    tcase_add_test(tcase, a_read_of_the_disk_lies_where_lseek_said_and_crosses_pages);
    tcase_add_test(tcase, lengths_that_no_device_takes_are_einval);
    suite_add_tcase(suite, tcase);
    return suite;
}
