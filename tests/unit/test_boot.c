/* machine/boot: damaged kernels are refused with one message and status 6. The files are built here,
 * from the layouts in TIS ELF 1.2, Multiboot 0.6.96 and Documentation/arch/x86/boot.rst. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "machine/boot.h"

#define FILE_BYTES 65536u
#define MULTIBOOT_MAGIC 0x1BADB002u

static uint8_t file[FILE_BYTES + 4096 * 1024];
static size_t length;
static char path[] = "/tmp/vitrine-boot-XXXXXX";
static struct error error;

static void setup(void)
{
    int handle;
    strcpy(path + sizeof path - 7, "XXXXXX");
    handle = mkstemp(path);
    ck_assert_int_ge(handle, 0);
    close(handle);
    memset(file, 0, sizeof file);
    length = FILE_BYTES;
}

static void teardown(void)
{
    remove(path);
}

static enum status try_append(const char *append)
{
    struct boot *boot;
    enum status status;
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(file, 1, length, out), length);
    fclose(out);
    memset(&error, 0, sizeof error);
    status = boot_new(&boot, path, NULL, append, &error);
    ck_assert((status == STATUS_OK) == (boot != NULL));
    boot_free(boot);
    return status;
}

static void check_refused(const char *message)
{
    ck_assert_int_eq(try_append(NULL), STATUS_FILE);
    ck_assert_msg(strstr(error.text, message) != NULL, "'%s' in '%s'", message, error.text);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_null(strchr(error.text, '\n'));
}

/* --- ELF and multiboot ------------------------------------------------------------------------------ */

struct program {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static void put_program(unsigned index, struct program p)
{
    uint8_t *row = file + 52 + (size_t)index * 32;
    store_le32(row, p.type);
    store_le32(row + 4, p.offset);
    store_le32(row + 8, p.vaddr);
    store_le32(row + 12, p.paddr);
    store_le32(row + 16, p.filesz);
    store_le32(row + 20, p.memsz);
    store_le32(row + 24, p.flags);
    store_le32(row + 28, p.align);
}

static void put_multiboot(size_t at, uint32_t flags)
{
    store_le32(file + at, MULTIBOOT_MAGIC);
    store_le32(file + at + 4, flags);
    store_le32(file + at + 8, 0u - MULTIBOOT_MAGIC - flags);
}

static const struct program GOOD = {1, 0x1000, 0x100000, 0x100000, 0x2000, 0x3000, 5, 4096};

static void make_elf(void)
{
    static const uint8_t IDENT[7] = {0x7F, 'E', 'L', 'F', 1, 1, 1};
    memcpy(file, IDENT, sizeof IDENT);
    store_le16(file + 16, 2); /* ET_EXEC */
    store_le16(file + 18, 3); /* EM_386 */
    store_le32(file + 20, 1);
    store_le32(file + 24, 0x100000);
    store_le32(file + 28, 52); /* e_phoff */
    store_le16(file + 40, 52);
    store_le16(file + 42, 32);
    store_le16(file + 44, 1);
    put_program(0, GOOD);
    put_multiboot(0x1000, 3);
}

START_TEST(a_good_elf_kernel_is_taken)
{
    struct boot *boot;
    make_elf();
    ck_assert_msg(try_append("root=/dev/sda") == STATUS_OK, "%s", error.text);
    ck_assert_int_eq(boot_new(&boot, path, NULL, NULL, &error), STATUS_OK);
    ck_assert_uint_eq(boot_entry(boot), 0x100000);
    boot_free(boot);
}
END_TEST

/* As GNU Mach's is: linked at C1000000h, loaded at 1000000h, the ELF header in none of its segments. */
START_TEST(a_virtual_entry_is_entered_where_its_segment_lies)
{
    struct boot *boot;
    make_elf();
    put_program(0, (struct program){1, 0x1000, 0xC1000000, 0x1000000, 0x2000, 0x3000, 5, 4096});
    put_program(1, (struct program){1, 0x3000, 0xC1003000, 0x2000000, 0x1000, 0x1000, 6, 4096});
    store_le16(file + 44, 2);
    store_le32(file + 24, 0xC1000010);
    ck_assert_msg(try_append(NULL) == STATUS_OK, "%s", error.text);
    ck_assert_int_eq(boot_new(&boot, path, NULL, NULL, &error), STATUS_OK);
    ck_assert_uint_eq(boot_entry(boot), 0x1000010);
    boot_free(boot);
}
END_TEST

START_TEST(elf_headers_that_are_cut_off_or_for_other_machines)
{
    make_elf();
    memset(file, 0, 64);
    check_refused("no ELF file");
    make_elf();
    file[4] = 2;
    check_refused("ELF class 2, machine 3; fix: a 32-bit little-endian i386 kernel");
    make_elf();
    store_le16(file + 18, 62);
    check_refused("ELF class 1, machine 62");
    make_elf();
    file[5] = 2;
    check_refused("little-endian");
    make_elf();
    length = 40; /* no multiboot header is left, either */
    check_refused("neither a bzImage");
}
END_TEST

START_TEST(short_elf_with_a_multiboot_header_inside)
{
    static const uint8_t MAGIC[4] = {0x7F, 'E', 'L', 'F'};
    memcpy(file, MAGIC, 4);
    put_multiboot(8, 0);
    length = 20;
    check_refused("no ELF file");
}
END_TEST

START_TEST(program_headers_past_the_end)
{
    static const uint32_t OFFSETS[] = {FILE_BYTES, FILE_BYTES - 31, 0xFFFFFFE0, 0x80000000};
    for (size_t i = 0; i < ARRAY_COUNT(OFFSETS); i++) {
        make_elf();
        store_le32(file + 28, OFFSETS[i]);
        check_refused("reach past the end of the file");
    }
    make_elf();
    store_le16(file + 44, 65535);
    check_refused("65535 program headers");
    make_elf();
    store_le16(file + 44, 0);
    check_refused("0 program headers");
    make_elf();
    store_le16(file + 42, 16);
    check_refused("of 16 bytes");
}
END_TEST

/* 65,535 headers that do lie in the file: each is looked at once. */
START_TEST(very_many_program_headers_end_in_time)
{
    make_elf();
    memmove(file + 52 + 65535 * 32, file + 0x1000, 16);
    store_le16(file + 44, 65535);
    store_le32(file + 28, 0x1100);
    put_multiboot(0x1000, 3);
    length = sizeof file;
    for (unsigned i = 0; i < 65535; i++) {
        uint8_t *row = file + 0x1100 + (size_t)i * 32;
        memset(row, 0, 32);
        store_le32(row, 1);
        store_le32(row + 4, 0x1000);
        store_le32(row + 12, 0x100000 + i * 4096);
        store_le32(row + 16, 4096);
        store_le32(row + 20, 4096);
    }
    ck_assert_msg(try_append(NULL) == STATUS_OK, "%s", error.text);
}
END_TEST

static const struct {
    struct program program;
    const char *message;
} SEGMENTS[] = {
    {{1, 0x1000, 0, 0x100000, 0x3000, 0x2000, 5, 0}, "more bytes in the file than in memory"},
    {{1, FILE_BYTES - 0x1000, 0, 0x100000, 0x1001, 0x2000, 5, 0}, "past the end of the file"},
    {{1, 0xFFFFF000, 0, 0x100000, 0x2000, 0x2000, 5, 0}, "past the end of the file"},
    {{1, 0x1000, 0, 0xFFFFF000, 0x1000, 0x2000, 5, 0}, "wraps at 4 GiB"},
    {{1, 0x1000, 0, 0x100000, 0x1000, 0xFFFFFFFF, 5, 0}, "wraps at 4 GiB"},
    {{1, 0x1000, 0, 0x9F000, 0x1000, 0x2000, 5, 0}, "over video memory or the ROM"},
    {{1, 0x1000, 0, 0xF0000, 0x1000, 0x1000, 5, 0}, "over video memory or the ROM"},
    {{1, 0x1000, 0, 0xFEC00000, 0x1000, 0x1000, 5, 0}, "over devices or the ROM"},
    {{1, 0x1000, 0, 0xFFFC0000, 0x1000, 0x1000, 5, 0}, "over devices or the ROM"},
    {{1, 0x1000, 0, 0xDFFFF000, 0x1000, 0x2000, 5, 0}, "over devices or the ROM"},
    {{1, 0x1000, 0, 0x8000, 0x1000, 0x1800, 5, 0}, "over the boot information"},
    {{1, 0x1000, 0, 0x100000, 0, 0, 5, 0}, "nothing in it is to be loaded"},
    {{0, 0x1000, 0, 0x100000, 0x1000, 0x1000, 5, 0}, "nothing in it is to be loaded"},
};

START_TEST(impossible_segments)
{
    make_elf();
    put_program(0, SEGMENTS[_i].program);
    check_refused(SEGMENTS[_i].message);
    if (SEGMENTS[_i].program.memsz == 0 || SEGMENTS[_i].program.type == 0)
        return;
    put_program(0, GOOD); /* also as the second one */
    put_program(1, SEGMENTS[_i].program);
    store_le16(file + 44, 2);
    check_refused(SEGMENTS[_i].message);
}
END_TEST

START_TEST(multiboot_headers_with_wrong_sums_or_wishes)
{
    make_elf();
    file[0x1008] ^= 1;
    check_refused("neither a bzImage (no 'HdrS' at 202h) nor a multiboot ELF");
    make_elf();
    memset(file + 0x1000, 0, 16);
    put_multiboot(0x2000, 3); /* behind the first 8 KiB */
    check_refused("neither a bzImage");
    make_elf();
    put_multiboot(0x1000, 0x8000);
    check_refused("requires multiboot features 8000");
}
END_TEST

/* The address form (flags bit 16): header at 12, load, load end, bss end, entry. */
static void put_addresses(uint32_t header, uint32_t load, uint32_t load_end, uint32_t bss_end)
{
    memset(file, 0, sizeof file);
    put_multiboot(0x100, 0x10000);
    store_le32(file + 0x10C, header);
    store_le32(file + 0x110, load);
    store_le32(file + 0x114, load_end);
    store_le32(file + 0x118, bss_end);
    store_le32(file + 0x11C, 0x100020);
}

START_TEST(multiboot_addresses_that_contradict_the_file)
{
    put_addresses(0x100100, 0x100000, 0x104000, 0x108000);
    ck_assert_msg(try_append(NULL) == STATUS_OK, "%s", error.text);
    put_addresses(0x100100, 0x100000, 0, 0);
    ck_assert_msg(try_append(NULL) == STATUS_OK, "%s", error.text);
    put_addresses(0x100100, 0x100000, 0x100000 + FILE_BYTES + 1, 0);
    check_refused("past the end of the file");
    put_addresses(0x200000, 0x100000, 0x104000, 0);
    check_refused("past the end of the file");
    put_addresses(0x100100, 0x100000, 0x0FFFF0, 0);
    check_refused("past the end of the file");
    put_addresses(0x100100, 0x100000, 0x104000, 0x102000);
    check_refused("more bytes in the file than in memory");
    put_addresses(0xA0100, 0xA0000, 0xA4000, 0);
    check_refused("over video memory");
    put_addresses(0x100100, 0x100000, 0x104000, 0);
    length = 0x110;
    check_refused("header is cut off");
}
END_TEST

/* --- bzImage ------------------------------------------------------------------------------------------ */

static void make_bzimage(void)
{
    memset(file, 0, sizeof file);
    length = FILE_BYTES;
    file[0x1F1] = 27;
    store_le32(file + 0x1F4, (FILE_BYTES - 28 * 512) / 16);
    store_le16(file + 0x1FE, 0xAA55);
    memcpy(file + 0x202, "HdrS", 4);
    store_le16(file + 0x206, 0x020F);
    file[0x211] = 1; /* LOADED_HIGH */
    store_le32(file + 0x22C, 0x7FFFFFFF);
    store_le32(file + 0x238, 2047);
    store_le32(file + 0x260, 0x100000);
}

START_TEST(a_good_bzimage_is_taken)
{
    char append[2100];
    make_bzimage();
    ck_assert_msg(try_append("quiet") == STATUS_OK, "%s", error.text);
    memset(append, 'a', sizeof append);
    append[2047] = '\0';
    ck_assert_int_eq(try_append(append), STATUS_OK);
    append[2047] = 'a';
    append[2048] = '\0';
    ck_assert_int_eq(try_append(append), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "--append: 2048 bytes are longer"));
}
END_TEST

/* boot.rst, "The Real-Mode Kernel Header": what the loader writes, for firmware that is the loader. */
START_TEST(firmware_that_starts_kernels_gets_the_parts)
{
    struct machine_kernel kernel = {0};
    struct boot *boot;
    const uint8_t *setup;
    make_bzimage();
    ck_assert_int_eq(try_append("quiet"), STATUS_OK); /* writes the file */
    ck_assert_int_eq(boot_new(&boot, path, path, "quiet", &error), STATUS_OK);
    ck_assert_int_eq(boot_describe(boot, 64 << 20, &kernel, &error), STATUS_OK);
    setup = kernel.parts[KERNEL_SETUP].bytes;
    ck_assert_uint_eq(kernel.parts[KERNEL_SETUP].count, 28 * 512);
    ck_assert_uint_eq(kernel.parts[KERNEL_CODE].count, FILE_BYTES - 28 * 512);
    ck_assert_uint_eq(kernel.addresses[KERNEL_CODE], 0x100000);
    ck_assert_uint_eq(kernel.parts[KERNEL_INITRD].count, FILE_BYTES);
    ck_assert_str_eq((const char *)kernel.parts[KERNEL_COMMAND_LINE].bytes, "quiet");
    ck_assert_uint_eq(kernel.parts[KERNEL_COMMAND_LINE].count, 6);
    ck_assert_uint_eq(setup[0x210], 0xFF);
    ck_assert_uint_eq(setup[0x211], 0x81);
    ck_assert_uint_eq(load_le32(setup + 0x228), kernel.addresses[KERNEL_COMMAND_LINE]);
    ck_assert_uint_eq(load_le32(setup + 0x218), kernel.addresses[KERNEL_INITRD]);
    ck_assert_uint_eq(load_le32(setup + 0x21C), FILE_BYTES);
    ck_assert_uint_le(kernel.addresses[KERNEL_INITRD] + FILE_BYTES, 63 << 20);
    boot_free(boot);
}
END_TEST

/* SYSSIZE counts paragraphs; a file may end within the last one, as Memtest86+'s does. */
START_TEST(the_last_paragraph_of_a_bzimage_need_not_be_full)
{
    make_bzimage();
    length = FILE_BYTES - 15;
    ck_assert_msg(try_append(NULL) == STATUS_OK, "%s", error.text);
}
END_TEST

START_TEST(the_word_vga_is_the_loaders)
{
    static const char *const TAKEN[] = {"vga=0x314", "quiet vga=normal", "vga=ask ro", "vga=791 ro",
                                       "savga=hello"};
    static const char *const REFUSED[] = {"vga=hello", "quiet vga=", "vga=65536", "vga=-1",
                                          "vga=normalnormalnormal"};
    make_bzimage();
    for (size_t i = 0; i < 5; i++) {
        ck_assert_msg(try_append(TAKEN[i]) == STATUS_OK, "%s: %s", TAKEN[i], error.text);
        ck_assert_msg(try_append(REFUSED[i]) == STATUS_USAGE, "%s", REFUSED[i]);
    }
}
END_TEST

START_TEST(damaged_bzimages)
{
    make_bzimage();
    store_le16(file + 0x1FE, 0);
    check_refused("boot flag 0000 instead of AA55h");
    make_bzimage();
    memset(file + 0x202, 0, 4);
    check_refused("neither a bzImage (no 'HdrS' at 202h)");
    make_bzimage();
    file[0x1F1] = 255;
    check_refused("255 setup sectors");
    make_bzimage();
    file[0x1F1] = 64;
    length = 65 * 512;
    check_refused("64 setup sectors in a file of 33280 bytes");
    make_bzimage();
    store_le16(file + 0x206, 0x0201);
    check_refused("boot protocol 2.01");
    make_bzimage();
    file[0x211] = 0;
    check_refused("a zImage");
    make_bzimage();
    length = FILE_BYTES - 16; /* a whole paragraph is missing */
    check_refused("it is cut off");
    make_bzimage();
    store_le32(file + 0x1F4, 0xFFFFFFFF);
    check_refused("it is cut off");
    make_bzimage();
    length = 0x260;
    check_refused("neither a bzImage");
}
END_TEST

/* --- files ----------------------------------------------------------------------------------------------- */

START_TEST(what_is_no_kernel_file_at_all)
{
    struct boot *boot;
    length = 0;
    check_refused("the file is empty");
    length = 1;
    check_refused("neither a bzImage");
    memcpy(file, "\x1F\x8B\x08", 3); /* as GNU Mach is packed */
    length = FILE_BYTES;
    check_refused("compressed by gzip; fix: gzip -d");
    memset(&error, 0, sizeof error);
    ck_assert_int_eq(boot_new(&boot, "/tmp", NULL, NULL, &error), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "/tmp: is a directory"));
    memset(&error, 0, sizeof error);
    ck_assert_int_eq(boot_new(&boot, "/nowhere/vmlinuz", NULL, NULL, &error), STATUS_FILE);
    memset(&error, 0, sizeof error);
    make_bzimage();
    ck_assert_int_eq(try_append(NULL), STATUS_OK);
    ck_assert_int_eq(boot_new(&boot, path, "/nowhere/initrd", NULL, &error), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/initrd: No such file"));
    ck_assert_ptr_null(boot);
}
END_TEST

/* Any damage gives a status and at most one line; nothing is read outside the file (sanitizers). */
START_TEST(random_damage_is_survived)
{
    uint32_t seed = 20240229;
    for (int i = 0; i < 300; i++) {
        if (i & 1) {
            memset(file, 0, 0x3000);
            make_elf();
        } else {
            make_bzimage();
        }
        for (int n = 0; n < 6; n++) {
            seed = seed * 1664525 + 1013904223;
            file[(seed >> 8) % ((i & 1) ? 84 : 0x268)] = (uint8_t)(seed >> 24);
        }
        length = (i % 7) ? 0x4000 : (seed >> 4) % 0x4000;
        ck_assert_int_ne(try_append("x"), STATUS_INTERNAL);
        ck_assert_ptr_null(strchr(error.text, '\n'));
    }
}
END_TEST

Suite *boot_suite(void)
{
    Suite *suite = suite_create("boot");
    TCase *tcase = tcase_create("kernels");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_good_elf_kernel_is_taken);
    tcase_add_test(tcase, a_virtual_entry_is_entered_where_its_segment_lies);
    tcase_add_test(tcase, elf_headers_that_are_cut_off_or_for_other_machines);
    tcase_add_test(tcase, short_elf_with_a_multiboot_header_inside);
    tcase_add_test(tcase, program_headers_past_the_end);
    tcase_add_test(tcase, very_many_program_headers_end_in_time);
    tcase_add_loop_test(tcase, impossible_segments, 0, (int)ARRAY_COUNT(SEGMENTS));
    tcase_add_test(tcase, multiboot_headers_with_wrong_sums_or_wishes);
    tcase_add_test(tcase, multiboot_addresses_that_contradict_the_file);
    tcase_add_test(tcase, a_good_bzimage_is_taken);
    tcase_add_test(tcase, firmware_that_starts_kernels_gets_the_parts);
    tcase_add_test(tcase, the_last_paragraph_of_a_bzimage_need_not_be_full);
    tcase_add_test(tcase, the_word_vga_is_the_loaders);
    tcase_add_test(tcase, damaged_bzimages);
    tcase_add_test(tcase, what_is_no_kernel_file_at_all);
    tcase_add_test(tcase, random_damage_is_survived);
    suite_add_tcase(suite, tcase);
    return suite;
}
