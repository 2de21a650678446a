/* Page tables: rights, reserved bits, execute-disable, large pages, A and D bits, global pages. What is
 * expected stands in SDM 3A: 4.3 and 4.4 (tables 4-4 to 4-11), 4.6 (rights), 4.7 (error codes). */
#include <check.h>
#include <string.h>

#include "cpu/memory.h"
#include "tests/unit/cpu_guest.h"

#define TABLES 0x10000u  /* page directory, or PDPT */
#define DIRECTORY 0x11000u /* PAE: page directory; else the table of the first 4 MiB */
#define TABLE 0x12000u     /* of the first 2 MiB (PAE) or of the page that is tested */
#define TABLE_PAE 0x13000u
#define FRAME 0x20000u     /* what the tested page maps */
#define PAGE32 0x400000u   /* linear address of the tested page: second entry of the directory */
#define PAGE_PAE 0x200000u

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100, PWU = P | W | U };
#define CR0_PAGED 0x80000011u
#define CR0_WP_BIT 0x10000u
enum { PSE = 0x10, PAE = 0x20, PGE = 0x80 };
#define XD (UINT64_C(1) << 63)

static void poke64(struct cpu_box *box, uint32_t at, uint64_t value)
{
    cpu_box_poke32(box, at, (uint32_t)value);
    cpu_box_poke32(box, at + 4, (uint32_t)(value >> 32));
}

static uint64_t peek64(const struct cpu_box *box, uint32_t at)
{
    return cpu_box_peek32(box, at) | (uint64_t)cpu_box_peek32(box, at + 4) << 32;
}

static void turn_on(struct cpu_box *box, uint32_t cr0, uint32_t cr4)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.cr3 = TABLES;
    r.cr4 = cr4;
    r.cr0 = cr0;
    cpu_set_registers(box->cpu, &r);
}

/* The guest's own pages 1:1 for everybody; the tested page by pde and pte. */
static void page_32(struct cpu_box *box, uint32_t pde, uint32_t pte, uint32_t cr0, uint32_t cr4)
{
    cpu_box_poke32(box, TABLES, DIRECTORY | PWU);
    for (uint32_t n = 0; n < PAGES; n++)
        cpu_box_poke32(box, DIRECTORY + 4 * n, n << 12 | PWU);
    cpu_box_poke32(box, TABLES + 4, pde);
    cpu_box_poke32(box, TABLE, pte);
    turn_on(box, cr0, cr4);
}

static void page_pae(struct cpu_box *box, uint64_t pde, uint64_t pte, uint32_t cr0)
{
    poke64(box, TABLES, DIRECTORY | P);
    poke64(box, DIRECTORY, TABLE | PWU);
    for (uint32_t n = 0; n < PAGES; n++)
        poke64(box, TABLE + 8 * n, n << 12 | PWU);
    poke64(box, DIRECTORY + 8, pde);
    poke64(box, TABLE_PAE, pte);
    turn_on(box, cr0, PAE);
}

static void enable_xd(struct cpu_box *box)
{
    /* mov ecx,C0000080h; mov eax,800h; xor edx,edx; wrmsr; jmp $ */
    RUN(box, "\xb9\x80\x00\x00\xc0\xb8\x00\x08\x00\x00\x31\xd2\x0f\x30\xeb\xfe");
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.ip = CODE;
    cpu_set_registers(box->cpu, &r);
}

enum kind { READ, WRITE, FETCH };

/* Reads, writes or jumps to the page; the error code of the #PF, or -1 where there is none. */
static int try_page(struct cpu_box *box, uint32_t page, enum kind kind)
{
    uint8_t code[6] = {kind == READ ? 0xa1 : kind == WRITE ? 0xa3 : 0xe9};
    store_le32(code + 1, kind == FETCH ? page - (CODE + 5) : page);
    code[5] = 0xf4;
    cpu_box_poke(box, FRAME, "\xf4", 1);
    struct cpu_registers r = cpu_guest_run(box, (const char *)code, sizeof code);
    if (stopped_vector(&r) == 13) /* HLT at CPL 3: the access went well */
        return -1;
    if (stopped_vector(&r) != 14)
        return -1;
    ck_assert_uint_eq(r.cr2, page);
    return (int)stack_word(box, &r, 0);
}

static int try_32(unsigned ring, uint32_t pde, uint32_t pte, uint32_t cr0, uint32_t cr4, enum kind kind)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    if (ring == 3)
        cpu_guest_ring3(&box);
    page_32(&box, pde, pte, cr0, cr4);
    int code = try_page(&box, PAGE32, kind);
    cpu_box_fini(&box);
    return code;
}

static int try_pae(const char *model, unsigned ring, uint64_t pde, uint64_t pte, enum kind kind,
                   bool with_xd)
{
    struct cpu_box box;
    cpu_guest_init_model(&box, model);
    if (with_xd)
        enable_xd(&box);
    if (ring == 3)
        cpu_guest_ring3(&box);
    page_pae(&box, pde, pte, CR0_PAGED);
    int code = try_page(&box, PAGE_PAE, kind);
    cpu_box_fini(&box);
    return code;
}

/* 4.6.1: what U/S and R/W of both entries, CPL and CR0.WP make of an access. */
START_TEST(rights_are_those_of_both_levels)
{
    static const struct { int ring, pde, pte, wp; enum kind kind; int code; } ROWS[] = {
        {0, PWU, PWU, 0, READ, -1},       {0, P, P, 0, READ, -1},
        {0, P, P, 0, WRITE, -1},          {0, P, P, 1, WRITE, 3},
        {0, P | W, P, 1, WRITE, 3},       {0, P, P | W, 1, WRITE, 3},
        {0, P | W, P | W, 1, WRITE, -1},  {0, PWU, P | U, 1, WRITE, 3},
        {0, P, P, 1, FETCH, -1},          {3, PWU, PWU, 0, WRITE, -1},
        {3, PWU, P | U, 0, WRITE, 7},     {3, P | U, PWU, 0, WRITE, 7},
        {3, P | W, PWU, 0, READ, 5},      {3, PWU, P | W, 0, READ, 5},
        {3, PWU, P | W, 0, WRITE, 7},     {3, PWU, P | W, 0, FETCH, 5},
        {0, 0, PWU, 0, READ, 0},          {0, PWU, 0, 0, WRITE, 2},
        {3, PWU, 0, 0, READ, 4},          {3, 0, 0, 0, WRITE, 6},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        uint32_t cr0 = CR0_PAGED | (ROWS[n].wp ? CR0_WP_BIT : 0);
        int code = try_32((unsigned)ROWS[n].ring, TABLE | (uint32_t)ROWS[n].pde,
                          FRAME | (uint32_t)ROWS[n].pte, cr0, 0, ROWS[n].kind);
        ck_assert_msg(code == ROWS[n].code, "row %zu: error code %d", n, code);
    }
}
END_TEST

/* 4.3, table 4-4: in a 4 MiB entry bits 13-16 are address bits with PSE-36, 17-21 are reserved. */
START_TEST(reserved_bits_of_a_large_page_fault)
{
    ck_assert_int_eq(try_32(0, PWU | PS, 0, CR0_PAGED, PSE, READ), -1);
    for (unsigned bit = 17; bit <= 21; bit++)
        ck_assert_int_eq(try_32(3, PWU | PS | 1u << bit, 0, CR0_PAGED, PSE, WRITE), 0xf);
    /* without CR4.PSE the bit PS is ignored, and so are they */
    ck_assert_int_eq(try_32(0, TABLE | PWU | PS, FRAME | PWU, CR0_PAGED, 0, READ), -1);
}
END_TEST

/* A Pentium without PSE-36 and PAT: bits 12-21, and bit 7 of a small page's entry. */
START_TEST(without_pse36_and_pat_more_bits_are_reserved)
{
    static const struct { uint32_t pde, pte; int code; } ROWS[] = {
        {PWU | PS, 0, -1},      {PWU | PS | 1 << 12, 0, 9}, {PWU | PS | 1 << 13, 0, 9},
        {PWU | PS | 1 << 16, 0, 9}, {TABLE | PWU, FRAME | PWU | 0x80, 9}, {TABLE | PWU, FRAME | PWU, -1},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        cpu_guest_init_model(&box, "pentium");
        page_32(&box, ROWS[n].pde, ROWS[n].pte, CR0_PAGED, PSE);
        ck_assert_int_eq(try_page(&box, PAGE32, READ), ROWS[n].code);
        cpu_box_fini(&box);
    }
}
END_TEST

/* The page lies above 4 GiB, where nothing answers; bit 13 is address bit 32. */
START_TEST(pse36_reaches_above_4_gib)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_box_poke32(&box, 0, 0x12345678);
    page_32(&box, PWU | PS | 1 << 13, 0, CR0_PAGED, PSE);
    struct cpu_registers r = RUN(&box, "\xa1\x00\x00\x40\x00\xf4");
    ck_assert_uint_eq(r.gpr[CPU_AX], 0xffffffffu);
    uint64_t physical;
    ck_assert(cpu_translate(box.cpu, PAGE32 + 0x345, &physical));
    ck_assert_uint_eq(physical, UINT64_C(0x100000345));
    cpu_box_fini(&box);
}
END_TEST

START_TEST(pae_maps_small_and_large_pages)
{
    ck_assert_int_eq(try_pae(NULL, 0, TABLE_PAE | PWU, FRAME | PWU, WRITE, false), -1);
    ck_assert_int_eq(try_pae(NULL, 3, PWU | PS, 0, WRITE, false), -1);
    ck_assert_int_eq(try_pae(NULL, 3, P | U | PS, 0, WRITE, false), 7);
    ck_assert_int_eq(try_pae(NULL, 3, TABLE_PAE | P | W, FRAME | PWU, READ, false), 5);
    struct cpu_box box;
    cpu_guest_init(&box);
    page_pae(&box, TABLE_PAE | PWU, UINT64_C(0xfedcba000) | P, CR0_PAGED);
    uint64_t physical;
    ck_assert(cpu_translate(box.cpu, PAGE_PAE + 0x10, &physical));
    ck_assert_uint_eq(physical, UINT64_C(0xfedcba010));
    cpu_box_fini(&box);
}
END_TEST

/* Tables 4-9 to 4-11, with 36 address bits. */
START_TEST(reserved_bits_of_pae_entries_fault)
{
    for (unsigned bit = 36; bit < 64; bit++) {
        uint64_t reserved = UINT64_C(1) << bit;
        ck_assert_int_eq(try_pae(NULL, 0, TABLE_PAE | PWU | reserved, FRAME | PWU, READ, false), 9);
        ck_assert_int_eq(try_pae(NULL, 0, TABLE_PAE | PWU, FRAME | PWU | reserved, READ, false), 9);
        ck_assert_int_eq(try_pae(NULL, 3, PWU | PS | reserved, 0, WRITE, false), 0xf);
    }
    for (unsigned bit = 13; bit < 21; bit++)
        ck_assert_int_eq(try_pae(NULL, 0, PWU | PS | 1u << bit, 0, READ, false), 9);
    /* a reserved bit in the directory counts although the page is missing */
    ck_assert_int_eq(try_pae(NULL, 0, TABLE_PAE | PWU | UINT64_C(1) << 40, 0, READ, false), 9);
    /* ... but not in an entry that is not present */
    ck_assert_int_eq(try_pae(NULL, 0, TABLE_PAE | PWU, UINT64_C(1) << 40, READ, false), 0);
}
END_TEST

START_TEST(reserved_bits_of_a_pdpte_are_gp_when_it_is_loaded)
{
    static const struct { uint64_t pdpte; int vector; } ROWS[] = {
        {DIRECTORY | P, -1}, {DIRECTORY | P | 2, 13}, {DIRECTORY | P | 4, 13}, {DIRECTORY | P | 0x20, 13},
        {DIRECTORY | P | 0x100, 13}, {DIRECTORY | P | XD, 13}, {DIRECTORY | P | UINT64_C(1) << 36, 13},
        {DIRECTORY | 0x1e6, -1}, {DIRECTORY | P | 0xe18, -1},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        cpu_guest_init(&box);
        page_pae(&box, TABLE_PAE | PWU, FRAME | PWU, CR0_PAGED);
        poke64(&box, TABLES + 24, ROWS[n].pdpte);
        struct cpu_registers r = RUN(&box, "\x0f\x20\xd8\x0f\x22\xd8\xf4"); /* mov eax,cr3; mov cr3,eax */
        ck_assert_msg(stopped_vector(&r) == ROWS[n].vector, "row %zu", n);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(execute_disable_faults_on_fetches_only)
{
    static const struct { uint64_t pde, pte; enum kind kind; int ring, code; } ROWS[] = {
        {TABLE_PAE | PWU, FRAME | PWU | XD, FETCH, 0, 0x11},
        {TABLE_PAE | PWU, FRAME | PWU | XD, FETCH, 3, 0x15},
        {TABLE_PAE | PWU, FRAME | PWU | XD, READ, 3, -1},
        {TABLE_PAE | PWU, FRAME | PWU | XD, WRITE, 3, -1},
        {TABLE_PAE | PWU | XD, FRAME | PWU, FETCH, 0, 0x11},
        {PWU | PS | XD, 0, FETCH, 0, 0x11},
        {TABLE_PAE | PWU, FRAME | PWU, FETCH, 0, -1},
        {TABLE_PAE | PWU, 0, FETCH, 0, 0x10},
        {TABLE_PAE | PWU, FRAME | P | W, FETCH, 3, 0x15},
        {TABLE_PAE | PWU, FRAME | PWU | UINT64_C(1) << 50, FETCH, 0, 0x19},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        int code = try_pae("max", (unsigned)ROWS[n].ring, ROWS[n].pde, ROWS[n].pte, ROWS[n].kind, true);
        ck_assert_msg(code == ROWS[n].code, "row %zu: %d", n, code);
    }
    /* with EFER.NXE = 0 the bit is reserved, and the error code does not tell of fetches */
    ck_assert_int_eq(try_pae("max", 0, TABLE_PAE | PWU, FRAME | PWU | XD, FETCH, false), 9);
    ck_assert_int_eq(try_pae("max", 0, TABLE_PAE | PWU, 0, FETCH, false), 0);
}
END_TEST

START_TEST(accessed_bit_in_all_levels_and_dirty_in_the_last)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    page_pae(&box, TABLE_PAE | PWU, FRAME | PWU, CR0_PAGED);
    ck_assert_int_eq(try_page(&box, PAGE_PAE, READ), -1);
    ck_assert_uint_eq(peek64(&box, DIRECTORY + 8), TABLE_PAE | PWU | A);
    ck_assert_uint_eq(peek64(&box, TABLE_PAE), FRAME | PWU | A);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    page_pae(&box, PWU | PS, 0, CR0_PAGED);
    ck_assert_int_eq(try_page(&box, PAGE_PAE, WRITE), -1);
    ck_assert_uint_eq(peek64(&box, DIRECTORY + 8), PWU | PS | A | D);
    cpu_box_fini(&box);
    cpu_guest_init(&box); /* an access that faults marks nothing in the last level */
    page_32(&box, TABLE | PWU, FRAME | P, CR0_PAGED | CR0_WP_BIT, 0);
    ck_assert_int_eq(try_page(&box, PAGE32, WRITE), 3);
    ck_assert_uint_eq(cpu_box_peek32(&box, TABLE), FRAME | P);
    cpu_box_fini(&box);
}
END_TEST

/* 4.10.2.4: a load of CR3 leaves global pages in the TLB; a change of CR4.PGE does not. */
START_TEST(global_pages_outlive_a_load_of_cr3)
{
    static const struct { uint32_t cr4, global; bool toggles; uint32_t sees; } ROWS[] = {
        {PGE, G, false, 1}, {PGE, 0, false, 2}, {0, G, false, 2}, {PGE, G, true, 2},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        cpu_guest_init(&box);
        cpu_box_poke32(&box, FRAME, 1);
        cpu_box_poke32(&box, FRAME + 0x1000, 2);
        page_32(&box, TABLE | PWU, FRAME | PWU | ROWS[n].global, CR0_PAGED, ROWS[n].cr4);
        /* mov eax,[PAGE32]; mov dword [TABLE],FRAME+1000h|7; reload CR3 or CR4; mov eax,[PAGE32] */
        static const char CR3[] = "\xa1\x00\x00\x40\x00\xc7\x05\x00\x20\x01\x00\x07\x10\x02\x00"
                                  "\x0f\x20\xd8\x0f\x22\xd8\xa1\x00\x00\x40\x00\xf4";
        static const char CR4[] = "\xa1\x00\x00\x40\x00\xc7\x05\x00\x20\x01\x00\x07\x10\x02\x00"
                                  "\x0f\x20\xe0\x34\x80\x0f\x22\xe0\xa1\x00\x00\x40\x00\xf4";
        struct cpu_registers r = ROWS[n].toggles ? RUN(&box, CR4) : RUN(&box, CR3);
        ck_assert_msg(r.gpr[CPU_AX] == ROWS[n].sees, "row %zu: %u", n, (unsigned)r.gpr[CPU_AX]);
        cpu_box_fini(&box);
    }
}
END_TEST

/* Each page of 4 GiB of linear memory has words of its own for reads and writes (cpu/memory.h), whose memory has a bound:
 * all 4 MiB of linear memory show the same frame, and so does one page 2 MiB above. */
START_TEST(pages_everywhere_are_found_and_their_words_are_bounded)
{
    enum { TIMES = 1024 };
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    cpu_box_poke32(&box, FRAME, 3);
    page_32(&box, DIRECTORY | PWU, 0, CR0_PAGED, 0);
    for (uint32_t n = 0; n < TIMES; n++)
        cpu_box_poke32(&box, TABLES + 4 * n, DIRECTORY | PWU);
    cpu_box_poke32(&box, DIRECTORY + 4 * 512, FRAME | PWU);
    /* again: add ebx,[ecx+FRAME]; mov [ecx+FRAME+4],ebx; add edx,[ecx+200004h]; add ecx,400000h; jnz again; hlt */
    static const char CODE_BYTES[] = "\x03\x99\x00\x00\x02\x00\x89\x99\x04\x00\x02\x00\x03\x91\x04\x00\x20\x00"
                                     "\x81\xc1\x00\x00\x40\x00\x75\xe6\xf4";
    cpu_box_poke(&box, CODE, CODE_BYTES, sizeof CODE_BYTES - 1);
    for (unsigned turn = 1; turn <= 2; turn++) {
        cpu_get_registers(box.cpu, &r);
        memset(r.gpr, 0, sizeof r.gpr);
        r.ip = CODE;
        cpu_set_registers(box.cpu, &r);
        box.cpu->is_halted = false;
        cpu_box_run(&box, TIMES * 5 + 1);
        cpu_get_registers(box.cpu, &r);
        ck_assert_uint_eq(r.ip, CODE + sizeof CODE_BYTES - 1);
        ck_assert_uint_eq(r.gpr[CPU_BX], 3 * TIMES);
        ck_assert_uint_eq(r.gpr[CPU_DX], 3 * TIMES * (TIMES + 1) / 2);
        ck_assert_uint_le(box.cpu->memory_unit->region_count, TLB_MOST_REGIONS);
    }
    cpu_box_fini(&box);
}
END_TEST

#define LAST_PAGE 0xfffff000u

/* Page FFFFFh maps FRAME, whose last bytes are 11h 22h; page 0 as `first` says, from FRAME + 1000h: 33h 44h. */
static void page_both_ends(struct cpu_box *box, uint32_t first)
{
    cpu_guest_init(box);
    cpu_box_poke(box, FRAME + 0xffe, "\x11\x22\x33\x44", 4);
    page_32(box, 0, (FRAME + 0x1000) | PWU, CR0_PAGED | CR0_WP_BIT, 0);
    cpu_box_poke32(box, DIRECTORY, first);
    cpu_box_poke32(box, TABLES + 4 * 1023, TABLE | PWU);
    cpu_box_poke32(box, TABLE + 4 * 1023, FRAME | PWU);
}

/* An access that goes over the end of linear memory goes on in page 0, whose rights stay its own. */
START_TEST(behind_the_last_page_comes_the_first)
{
    static const struct {
        uint32_t first;
        const char *code;
        unsigned length;
        int vector;
        uint32_t bytes;
    } ROWS[] = {
        /* mov eax,[FFFFFFFEh]; mov ebx,[0]; mov eax,[FFFFFFFEh]; hlt */
        {(FRAME + 0x1000) | PWU,
         "\xa1\xfe\xff\xff\xff\x8b\x1d\x00\x00\x00\x00\xa1\xfe\xff\xff\xff\xf4", 17, -1, 0x44332211},
        /* mov eax,[FFFFFFFEh]; mov [0],ecx where page 0 is read-only */
        {(FRAME + 0x1000) | P | U,
         "\xa1\xfe\xff\xff\xff\x89\x0d\x00\x00\x00\x00\xf4", 12, 14, 0x44332211},
        /* mov eax,55667788h; mov [FFFFFFFEh],eax; mov ebx,[0]; mov [FFFFFFFEh],eax; hlt */
        {(FRAME + 0x1000) | PWU,
         "\xb8\x88\x77\x66\x55\xa3\xfe\xff\xff\xff\x8b\x1d\x00\x00\x00\x00\xa3\xfe\xff\xff\xff\xf4", 22, -1,
         0x55667788},
        /* the same where page 0 is read-only: no byte is written */
        {(FRAME + 0x1000) | P | U,
         "\xb8\x88\x77\x66\x55\xa3\xfe\xff\xff\xff\xf4", 11, 14, 0x44332211},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        page_both_ends(&box, ROWS[n].first);
        struct cpu_registers r = cpu_guest_run(&box, ROWS[n].code, ROWS[n].length);
        ck_assert_msg(stopped_vector(&r) == ROWS[n].vector, "row %zu: vector %d", n, stopped_vector(&r));
        uint32_t bytes = cpu_box_peek32(&box, FRAME + 0xffe);
        ck_assert_msg(bytes == ROWS[n].bytes, "row %zu: %08x", n, (unsigned)bytes);
        if (n < 2)
            ck_assert_uint_eq(r.gpr[CPU_AX], ROWS[n].bytes);
        cpu_box_fini(&box);
    }
}
END_TEST

/* After a reset nothing is left of what was mapped: without paging the address is another memory's, here nobody's. */
START_TEST(a_reset_forgets_all_pages)
{
    static const uint32_t PLACES[] = {PAGE32, 0x01000000, 0x08048000, 0xc0100000, LAST_PAGE};
    for (size_t n = 0; n < ARRAY_COUNT(PLACES); n++) {
        struct cpu_box box;
        uint8_t code[] = {0xa1, 0, 0, 0, 0, 0xf4}; /* mov eax,[...]; hlt */
        store_le32(code + 1, PLACES[n]);
        cpu_guest_init(&box);
        cpu_box_poke32(&box, FRAME, 0x12345678);
        page_32(&box, 0, 0, CR0_PAGED, 0);
        cpu_box_poke32(&box, TABLES + 4 * (PLACES[n] >> 22), TABLE | PWU);
        cpu_box_poke32(&box, TABLE + 4 * (PLACES[n] >> 12 & 1023), FRAME | PWU);
        struct cpu_registers r = cpu_guest_run(&box, (const char *)code, sizeof code);
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x12345678);
        cpu_reset(box.cpu);
        cpu_box_flat(&box, CODE);
        cpu_box_run(&box, 2);
        cpu_get_registers(box.cpu, &r);
        ck_assert_msg(r.gpr[CPU_AX] == UINT32_MAX, "%08x: %08x", (unsigned)PLACES[n], (unsigned)r.gpr[CPU_AX]);
        cpu_box_fini(&box);
    }
}
END_TEST

/* A watch on physical memory sees what of an access lies behind a page's end, wherever that page is mapped. */
START_TEST(physical_watches_see_both_pages_of_an_access)
{
    static const struct { uint32_t watched; bool is_seen; } ROWS[] = {
        {FRAME + 0xfff, true}, {FRAME + 0x5000, true}, {FRAME + 0x5002, false}, {FRAME + 0x1000, false},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        for (unsigned at_the_end = 0; at_the_end < 2; at_the_end++) {
            const struct cpu_watch watch = {CPU_WATCH_WRITE, true, ROWS[n].watched, 1};
            struct cpu_box box;
            struct error error = {0};
            page_both_ends(&box, (FRAME + 0x5000) | PWU);
            cpu_box_poke32(&box, TABLE + 4, (FRAME + 0x5000) | PWU);
            cpu_box_poke32(&box, TABLE, FRAME | PWU);
            cpu_box_poke32(&box, TABLES + 4, TABLE | PWU);
            uint8_t code[] = {0xa3, 0, 0, 0, 0, 0xf4}; /* mov [...],eax; hlt */
            store_le32(code + 1, (at_the_end ? LAST_PAGE : PAGE32) + 0xffe);
            cpu_box_poke(&box, CODE, code, sizeof code);
            ck_assert_int_eq(cpu_set_watches(box.cpu, &watch, 1, &error), STATUS_OK);
            enum cpu_stop stop = cpu_box_run(&box, 2);
            ck_assert_msg((stop == CPU_STOP_DEBUG) == ROWS[n].is_seen, "row %zu, %u: stop %d", n,
                          at_the_end, stop);
            cpu_box_fini(&box);
        }
    }
}
END_TEST

/* 4.10.4.1: INVLPG forgets all of a large page, whichever byte of it is named. */
START_TEST(invlpg_forgets_all_of_a_large_page)
{
    static const struct {
        uint32_t at, first, second;
    } ROWS[] = {
        {PAGE32 + 0x5000,   1, 2},
        {PAGE32 + 0x3ff000, 1, 2},
        {PAGE32 + 0x400000, 3, 4},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        cpu_guest_init(&box);
        cpu_box_poke32(&box, 0x20000, 1);
        cpu_box_poke32(&box, 0x21000, 2);
        cpu_box_poke32(&box, 0x30000, 3);
        cpu_box_poke32(&box, 0x31000, 4);
        page_32(&box, P | W | U | PS, 0, CR0_PAGED, PSE);
        for (uint32_t page = 0; page < 2; page++)
            cpu_box_poke32(&box, TABLE + 4 * (0x30 + page), (0x20 + page) << 12 | PWU);
        /* read both parts; the 4 MiB page becomes small ones; INVLPG; read both again */
        uint8_t code[] = "\xa1\x00\x00\x43\x00\xa1\x00\x10\x43\x00"
                         "\xc7\x05\x04\x00\x01\x00\x07\x20\x01\x00"
                         "\x0f\x01\x3d....\xa1\x00\x00\x43\x00\x8b\x1d\x00\x10\x43\x00\xf4";
        store_le32(code + 23, ROWS[n].at);
        struct cpu_registers r = cpu_guest_run(&box, (const char *)code, sizeof code - 1);
        /* the large page shows frames 30h and 31h, the small ones 20h and 21h */
        ck_assert_uint_eq(r.gpr[CPU_AX], ROWS[n].first);
        ck_assert_uint_eq(r.gpr[CPU_BX], ROWS[n].second);
        cpu_box_fini(&box);
    }
}
END_TEST

/* Stale entries are state: a saved TLB shows them until it is flushed as the one that was saved would. */
START_TEST(a_loaded_tlb_is_stale_until_it_is_flushed)
{
    static const struct {
        uint32_t global;
        uint64_t before, after;
    } ROWS[] = {
        {0, 1, 2},
        {G, 1, 1}
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        struct state_stream stream = {0};
        struct error error = {0};
        cpu_guest_init(&box);
        cpu_box_poke32(&box, FRAME, 1);
        cpu_box_poke32(&box, FRAME + 0x1000, 2);
        page_32(&box, TABLE | PWU, FRAME | PWU | ROWS[n].global, CR0_PAGED, PGE);
        RUN(&box, "\xa1\x00\x00\x40\x00\xeb\xfe");
        cpu_box_poke32(&box, TABLE, (FRAME + 0x1000) | PWU);
        cpu_save(box.cpu, &stream);
        cpu_reset(box.cpu);
        ck_assert_int_eq(cpu_load(box.cpu, &stream, &error), STATUS_OK);
        state_stream_free(&stream);
        struct cpu_registers r;
        cpu_get_registers(box.cpu, &r);
        r.ip = CODE;
        cpu_set_registers(box.cpu, &r);
        /* mov eax,[PAGE32]; reload CR3; mov ebx,[PAGE32] */
        r = RUN(&box, "\xa1\x00\x00\x40\x00\x0f\x20\xd9\x0f\x22\xd9\x8b\x1d\x00\x00\x40\x00\xf4");
        ck_assert_uint_eq(r.gpr[CPU_AX], ROWS[n].before);
        ck_assert_uint_eq(r.gpr[CPU_BX], ROWS[n].after);
        cpu_box_fini(&box);
    }
}
END_TEST

/* What is kept of a table's place holds no longer than the map of memory: another frame answers where the
 * directory, or the table, was. */
START_TEST(tables_are_where_the_map_of_memory_says)
{
    static const uint32_t MOVED[] = {TABLES, TABLE};
    for (size_t n = 0; n < ARRAY_COUNT(MOVED); n++) {
        enum { OTHER_DIRECTORY = 0x22000, OTHER_TABLE = 0x23000 };
        uint32_t other = MOVED[n] == TABLES ? OTHER_DIRECTORY : OTHER_TABLE;
        struct cpu_box box;
        struct cpu_registers r;
        cpu_guest_init(&box);
        cpu_box_poke32(&box, FRAME, 1);
        cpu_box_poke32(&box, FRAME + 0x1000, 2);
        page_32(&box, TABLE | PWU | A, FRAME | PWU | A, CR0_PAGED, 0);
        cpu_box_poke32(&box, OTHER_DIRECTORY, DIRECTORY | PWU | A);
        cpu_box_poke32(&box, OTHER_DIRECTORY + 4, OTHER_TABLE | PWU | A);
        cpu_box_poke32(&box, OTHER_TABLE, (FRAME + 0x1000) | PWU | A);
        /* reload CR3; mov eax,[PAGE32]; jmp $ */
        r = RUN(&box, "\x0f\x20\xd9\x0f\x22\xd9\xa1\x00\x00\x40\x00\xeb\xfe");
        ck_assert_uint_eq(r.gpr[CPU_AX], 1);
        space_map_ram(&box.memory, MOVED[n], 1, &box.ram, other >> 12, true, true);
        r.ip = CODE;
        cpu_set_registers(box.cpu, &r);
        r = RUN(&box, "\x0f\x20\xd9\x0f\x22\xd9\xa1\x00\x00\x40\x00\xf4");
        ck_assert_uint_eq(r.gpr[CPU_AX], 2);
        cpu_box_fini(&box);
    }
}
END_TEST

Suite *cpu_paging_suite(void)
{
    const TTest *const TESTS[] = {
        rights_are_those_of_both_levels,
        reserved_bits_of_a_large_page_fault,
        without_pse36_and_pat_more_bits_are_reserved,
        pse36_reaches_above_4_gib,
        pae_maps_small_and_large_pages,
        reserved_bits_of_pae_entries_fault,
        reserved_bits_of_a_pdpte_are_gp_when_it_is_loaded,
        execute_disable_faults_on_fetches_only,
        accessed_bit_in_all_levels_and_dirty_in_the_last,
        global_pages_outlive_a_load_of_cr3,
        pages_everywhere_are_found_and_their_words_are_bounded,
        behind_the_last_page_comes_the_first,
        a_reset_forgets_all_pages,
        physical_watches_see_both_pages_of_an_access,
        invlpg_forgets_all_of_a_large_page,
        a_loaded_tlb_is_stale_until_it_is_flushed,
        tables_are_where_the_map_of_memory_says,
    };
    Suite *suite = suite_create("cpu_paging");
    TCase *tcase = tcase_create("cpu_paging");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_test(tcase, TESTS[n]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
