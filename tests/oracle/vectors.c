/* Runs hardware captures of single instructions in real mode on the CPU core and compares registers and
 * memory: vectors [-v N] [-m MODEL] [-u 1] FOLDER [FILE...]
 *
 * The sets are those of github.com/SingleStepTests: 8088, 8086, 80186, 80286 and 80386, as MOO or JSON files,
 * packed or not. The file's header, or metadata.json, names the processor, and with it the model and the
 * conventions of the set; revocation_list.txt names tests that do not count: up to the 80186 the registers are those behind the instruction; later the captured machine
 * ran a HLT then, which is why the final IP is one behind. Undefined flags are those that the set marks:
 * in the files (RMSK, RM32), in metadata.json, or in 80386.csv; also in the flags word that an exception
 * pushed. -u 1: undefined flags are compared too, but those that a failed division leaves. Output: one line per file with what passed, then a total. Exit status 1 when a test failed. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bits.h"
#include "cpu/run.h"
#include "tests/oracle/captures.h"
#include "tests/unit/cpu_box.h"

/* How the captures of a processor are to be read. */
struct processor {
    const char *id, *model;
    uint32_t address_mask;
    uint32_t flags_loaded, flags_compared; /* bits of FLAGS that software can see in real mode */
    bool has_32, halts;
};
static const struct processor PROCESSORS[] = {
    {"8088", "8088", 0xfffff, 0xffff, 0xffff, false, false},
    {"8086", "8088", 0xfffff, 0xffff, 0xffff, false, false}, /* the same without a coprocessor */
    {"186 ", "80186", 0xfffff, 0xffff, 0xffff, false, false},
    {"C286", "80286", 0xffffff, 0x0fd7, 0x0fff, false, true},
    {"286 ", "80286", 0xffffff, 0x0fd7, 0x0fff, false, true},
    {"386E", "80386", 0xffffff, 0x7fd7, 0x37fff, true, true},
    {"386 ", "80386", 0xffffff, 0x7fd7, 0x37fff, true, true},
};
static const char *const NAMES[MOO_REGISTERS] = {
    "cr0", "cr3", "ax", "bx", "cx", "dx", "si", "di", "bp", "sp",
    "cs", "ds", "es", "fs", "gs", "ss", "ip", "flags", "dr6", "dr7"};

struct totals {
    unsigned passed, failed, revoked;
};
struct runner {
    struct cpu_box box;
    bool has_box;
    const struct processor *processor; /* of the file */
    const char *model;    /* asked for; NULL: the file's */
    unsigned verbose;     /* failures shown per file */
    uint32_t flags_mask;  /* of the opcode, from the set's table */
    bool has_undefined;   /* -u: undefined flags count as well */
    char *metadata, *csv, *revoked; /* NULL: the set has none */
    struct totals all;
};

/* --- files ------------------------------------------------------------------------------------------ */

/* A table beside the set or one folder up. */
static char *read_table(const char *folder, const char *name)
{
    static const char *const PLACES[] = {"", "../"};
    char path[4096], *text = NULL;
    size_t size;
    for (size_t n = 0; n < 2 && text == NULL; n++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, PLACES[n], name);
        text = captures_read(path, &size);
    }
    return text;
}

/* --- undefined flags ------------------------------------------------------------------------------- */

/* flags-mask of an opcode ("80.4") in metadata.json. */
static uint32_t metadata_mask(const char *json, const char *opcode)
{
    char byte[16], digit[2] = {0};
    size_t length = strcspn(opcode, ".");
    const char *const plain[] = {"opcodes", byte, "flags-mask"};
    const char *const group[] = {"opcodes", byte, "reg", digit, "flags-mask"};
    snprintf(byte, sizeof byte, "%.*s", (int)length, opcode);
    digit[0] = opcode[length] == '.' ? opcode[length + 1] : '\0';
    const char *mask = digit[0] ? capture_json_find(json, group, ARRAY_COUNT(group))
                                : capture_json_find(json, plain, ARRAY_COUNT(plain));
    return mask != NULL ? (uint32_t)atoi(mask) | 0xffff0000u : UINT32_MAX;
}

/* Column n of a line of comma-separated values; what it holds lies in text. */
static void csv_column(const char *line, int n, char *text, size_t size)
{
    size_t length;
    for (; n > 0 && *line != '\n' && *line != '\0'; line++)
        n -= *line == ',';
    length = strcspn(line, ",\r\n");
    snprintf(text, size, "%.*s", (int)length, line);
}

static int csv_find(const char *header, const char *name)
{
    char text[32];
    for (int n = 0; n < 64; n++) {
        csv_column(header, n, text, sizeof text);
        if (strcmp(text, name) == 0)
            return n;
    }
    return -1;
}

/* f_umask of an opcode in 80386.csv, whose rows have op and ex. A mask keeps bit 15 (which no
 * instruction leaves undefined); a value without it lists the undefined flags themselves. */
static uint32_t csv_mask(const char *csv, const char *opcode)
{
    int op = csv_find(csv, "op"), ex = csv_find(csv, "ex"), umask = csv_find(csv, "f_umask");
    size_t length = strcspn(opcode, ".");
    char text[32], wanted[8];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, opcode);
    if (op < 0 || umask < 0)
        return UINT32_MAX;
    for (const char *line = strchr(csv, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        csv_column(line + 1, op, text, sizeof text);
        if (strtoul(text, NULL, 16) != strtoul(wanted, NULL, 16) || strlen(text) < 2)
            continue;
        csv_column(line + 1, ex, text, sizeof text);
        if (opcode[length] == '.' && text[0] != opcode[length + 1])
            continue;
        csv_column(line + 1, umask, text, sizeof text);
        uint32_t value = (uint32_t)strtoul(text, NULL, 16);
        return value == 0 ? UINT32_MAX : value & 0x8000 ? value | 0xffff0000u : ~value;
    }
    return UINT32_MAX;
}

/* The opcode in a file's name: "6780.4.MOO.gz" is 80.4 with another address size. */
static void opcode_of(const char *file, char *opcode, size_t size)
{
    while ((strncmp(file, "66", 2) == 0 || strncmp(file, "67", 2) == 0) &&
           isxdigit((unsigned char)file[2]))
        file += 2;
    size_t length = strcspn(file, ".");
    if (file[length] == '.' && isdigit((unsigned char)file[length + 1]))
        length += 2;
    snprintf(opcode, size, "%.*s", (int)length, file);
}

/* --- running ------------------------------------------------------------------------------------------ */

static const uint8_t GPR[] = {[MOO_AX] = CPU_AX, [MOO_BX] = CPU_BX, [MOO_CX] = CPU_CX,
                              [MOO_DX] = CPU_DX, [MOO_SI] = CPU_SI, [MOO_DI] = CPU_DI,
                              [MOO_BP] = CPU_BP, [MOO_SP] = CPU_SP};
static const uint8_t SEGMENT[] = {[MOO_CS] = CPU_CS, [MOO_DS] = CPU_DS, [MOO_ES] = CPU_ES,
                                  [MOO_FS] = CPU_FS, [MOO_GS] = CPU_GS, [MOO_SS] = CPU_SS};

static void load_state(struct runner *runner, const struct moo_state *state)
{
    const uint32_t *from = state->registers.value;
    uint32_t loaded = runner->processor->flags_loaded;
    struct cpu_registers r;
    cpu_reset(runner->box.cpu);
    cpu_get_registers(runner->box.cpu, &r);
    for (unsigned n = MOO_AX; n <= MOO_SP; n++)
        r.gpr[GPR[n]] = from[n];
    for (unsigned n = MOO_CS; n <= MOO_SS; n++) {
        struct cpu_segment *s = &r.segment[SEGMENT[n]];
        s->selector = (uint16_t)from[n];
        s->base = (uint32_t)s->selector << 4;
    }
    r.ip = from[MOO_IP];
    r.flags = (r.flags & ~(uint64_t)loaded) | (from[MOO_FLAGS] & loaded) | 2;
    if (runner->processor->has_32) {
        r.cr0 = (r.cr0 & ~UINT64_C(0xe)) | (from[MOO_CR0] & 0xe);
        r.dr[6] = from[MOO_DR6];
        r.dr[7] = from[MOO_DR7];
    }
    cpu_set_registers(runner->box.cpu, &r);
    for (uint32_t n = 0; n < state->count; n++) {
        const uint8_t *p = state->ram + 5 * n;
        cpu_box_poke(&runner->box, load_le32(p) & runner->processor->address_mask, p + 4, 1);
    }
}

static void fetch_state(const struct runner *runner, uint32_t *to)
{
    struct cpu_registers r;
    cpu_get_registers(runner->box.cpu, &r);
    to[MOO_CR0] = (uint32_t)r.cr0;
    to[MOO_CR3] = (uint32_t)r.cr3;
    for (unsigned n = MOO_AX; n <= MOO_SP; n++)
        to[n] = (uint32_t)r.gpr[GPR[n]];
    for (unsigned n = MOO_CS; n <= MOO_SS; n++)
        to[n] = r.segment[SEGMENT[n]].selector;
    to[MOO_IP] = (uint32_t)r.ip;
    to[MOO_FLAGS] = (uint32_t)r.flags;
    to[MOO_DR6] = (uint32_t)r.dr[6];
    to[MOO_DR7] = (uint32_t)r.dr[7];
}

/* Is this a string instruction with a repeat prefix? Its elements count one by one. */
static bool is_repeated(const struct moo_test *test)
{
    bool has_rep = false;
    for (uint32_t n = 0; n < test->byte_count; n++) {
        uint8_t b = test->bytes[n];
        bool is_string = (b >> 2 == 0x1b) || (b >= 0xa4 && b <= 0xa7) || (b >= 0xaa && b <= 0xaf);
        if (b == 0xf2 || b == 0xf3)
            has_rep = true;
        else if (strchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0", b) == NULL)
            return has_rep && is_string;
    }
    return false;
}

/* One instruction; returns whether it was a HLT. */
static bool run_one(struct runner *runner, const struct moo_test *test)
{
    unsigned limit = is_repeated(test) ? 0x10001 : 1;
    for (unsigned n = 0; n < limit; n++) {
        struct cpu_registers r;
        runner->box.cpu->run->handlers = test->index & 1 ? HANDLERS_BY_REGISTER : HANDLERS_BY_HEAT;
        cpu_box_run(&runner->box, 1);
        if (cpu_is_halted(runner->box.cpu))
            return true;
        cpu_get_registers(runner->box.cpu, &r);
        if (r.ip != test->initial.registers.value[MOO_IP] ||
            r.segment[CPU_CS].selector != (uint16_t)test->initial.registers.value[MOO_CS])
            return false;
    }
    return false;
}

/* Before the 80286 the sets do not tell of exceptions; the only one is a division's, vector 0, whose
 * handler has been fetched from the table. */
static bool has_pushed_flags(const struct runner *runner, const struct moo_test *test)
{
    const uint32_t *final = test->final.registers.value;
    uint8_t vector[4];
    if (test->has_exception || runner->processor->halts)
        return test->has_exception;
    cpu_box_peek(&runner->box, 0, vector, 4);
    return load_le16(vector) == (uint16_t)final[MOO_IP] &&
           load_le16(vector + 2) == (uint16_t)final[MOO_CS];
}

/* What of a register is compared. */
static uint32_t compared(const struct runner *runner, const struct moo_test *test, unsigned n)
{
    uint32_t mask = test->final.masks.value[n];
    if (n == MOO_FLAGS && (!runner->has_undefined || (test->has_exception && test->vector == 0)))
        mask &= runner->flags_mask;
    if (n == MOO_FLAGS)
        return mask & runner->processor->flags_compared;
    if (n >= MOO_CS && n <= MOO_SS)
        mask &= 0xffff;
    if (!runner->processor->has_32)
        return n == MOO_FS || n == MOO_GS || n < MOO_AX || n > MOO_FLAGS ? 0 : mask & 0xffff;
    return n == MOO_CR0 ? mask & 0xf : n == MOO_CR3 ? 0 : mask;
}

/* Compares; writes the first differences to text. */
static bool compare(const struct runner *runner, const struct moo_test *test, bool halted,
                    char *text, size_t size)
{
    const uint32_t *want = test->final.registers.value;
    uint32_t got[MOO_REGISTERS], pushed[2];
    size_t used = 0;
    text[0] = '\0';
    fetch_state(runner, got);
    if (runner->processor->halts && !halted)
        got[MOO_IP]++;
    for (unsigned n = 0; n < MOO_REGISTERS; n++)
        if (((want[n] ^ got[n]) & compared(runner, test, n)) != 0)
            text_append(text, size, &used, " %s=%x want %x", NAMES[n], got[n], want[n]);
    /* The 80286's set rounds the address of a flags word at an odd place down: the stack says where. */
    for (unsigned n = 0; n < 2; n++)
        pushed[n] = ((want[MOO_SS] << 4 & 0xffff0) + (uint16_t)(want[MOO_SP] + 4 + n)) &
                    runner->processor->address_mask;
    bool has_pushed = has_pushed_flags(runner, test);
    uint32_t flags = compared(runner, test, MOO_FLAGS);
    for (uint32_t n = 0; n < test->final.count; n++) {
        const uint8_t *p = test->final.ram + 5 * n;
        uint32_t address = load_le32(p) & runner->processor->address_mask;
        uint8_t is, mask = 0xff;
        cpu_box_peek(&runner->box, address, &is, 1);
        if (has_pushed && address == pushed[0])
            mask = (uint8_t)flags;
        else if (has_pushed && address == pushed[1])
            mask = (uint8_t)(flags >> 8);
        if (((is ^ p[4]) & mask) != 0)
            text_append(text, size, &used, " [%05x]=%02x want %02x", address, is, p[4]);
    }
    return used == 0;
}

/* The processor and a box for it; a message where there is none. */
static bool choose_processor(struct runner *runner, const char *cpu, const char *file)
{
    const struct processor *found = NULL;
    for (size_t n = 0; n < ARRAY_COUNT(PROCESSORS); n++)
        if (strcasecmp(PROCESSORS[n].id, cpu) == 0)
            found = &PROCESSORS[n];
    if (found == NULL) {
        fprintf(stderr, "vectors: %s: no model for the processor '%s'; fix: leave the file out\n", file,
                cpu);
        return false;
    }
    if (runner->has_box && found != runner->processor) {
        cpu_box_fini(&runner->box);
        runner->has_box = false;
    }
    runner->processor = found;
    if (!runner->has_box)
        cpu_box_init(&runner->box, runner->model ? runner->model : found->model, 0x1000000 / 4096);
    return runner->has_box = true;
}

/* --- files of tests ------------------------------------------------------------------------------------ */

/* A line of the list is a hash; others begin with #. */
static bool is_revoked(const struct runner *runner, const struct moo_test *test)
{
    size_t length = strlen(test->hash);
    for (const char *line = runner->revoked; length && line && *line; line += strcspn(line, "\n")) {
        line += strspn(line, " \t\r\n");
        if (strncasecmp(line, test->hash, length) == 0)
            return true;
    }
    return false;
}

static void run_file(struct runner *runner, const char *folder, const char *name)
{
    char path[4096], text[512], opcode[32];
    struct totals totals = {0};
    struct captures captures;
    struct moo_test test;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!captures_open(&captures, path, runner->metadata) ||
        !choose_processor(runner, captures.moo.cpu, path)) {
        runner->all.failed++;
        captures_close(&captures);
        return;
    }
    opcode_of(name, opcode, sizeof opcode);
    runner->flags_mask = runner->metadata != NULL ? metadata_mask(runner->metadata, opcode)
                         : runner->csv != NULL    ? csv_mask(runner->csv, opcode)
                                                  : UINT32_MAX;
    while (captures_next(&captures, &test)) {
        if (is_revoked(runner, &test)) {
            totals.revoked++;
            continue;
        }
        load_state(runner, &test.initial);
        bool halted = run_one(runner, &test);
        if (compare(runner, &test, halted, text, sizeof text)) {
            totals.passed++;
        } else if (totals.failed++ < runner->verbose) {
            printf("  %s #%u %s (", opcode, test.index, test.name);
            for (uint32_t n = 0; n < test.byte_count; n++)
                printf("%02x", test.bytes[n]);
            printf(")%s:%s\n", test.has_exception ? " [exception]" : "", text);
        }
    }
    if (!captures_have_ended(&captures)) {
        fprintf(stderr, "vectors: %s: damaged; fix: download it again\n", path);
        totals.failed++;
    }
    captures_close(&captures);
    printf("%-12s %5u passed %5u failed\n", name, totals.passed, totals.failed);
    runner->all.passed += totals.passed;
    runner->all.failed += totals.failed;
    runner->all.revoked += totals.revoked;
}

static int is_of_captures(const struct dirent *entry)
{
    return captures_have_name(entry->d_name);
}

static void run_folder(struct runner *runner, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_of_captures, alphasort);
    for (int n = 0; n < count; n++) {
        run_file(runner, folder, entries[n]->d_name);
        free(entries[n]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    struct runner *runner = calloc(1, sizeof *runner);
    int n = 1;
    if (runner == NULL)
        return 70;
    for (; n + 1 < argc && argv[n][0] == '-'; n += 2) {
        switch (argv[n][1]) {
        case 'v': runner->verbose = (unsigned)atoi(argv[n + 1]); break;
        case 'm': runner->model = argv[n + 1]; break;
        case 'u': runner->has_undefined = atoi(argv[n + 1]) != 0; break;
        default: n = argc; break;
        }
    }
    if (n >= argc) {
        fprintf(stderr, "usage: vectors [-v N] [-m MODEL] [-u 1] FOLDER [FILE...]\n");
        return 2;
    }
    const char *folder = argv[n++];
    runner->metadata = read_table(folder, "metadata.json");
    runner->csv = read_table(folder, "80386.csv");
    runner->revoked = read_table(folder, "revocation_list.txt");
    if (n == argc)
        run_folder(runner, folder);
    for (; n < argc; n++)
        run_file(runner, folder, argv[n]);
    if (runner->has_box)
        cpu_box_fini(&runner->box);
    printf("total %u passed, %u failed, %u revoked\n", runner->all.passed, runner->all.failed,
           runner->all.revoked);
    int status = runner->all.failed == 0 && runner->all.passed > 0 ? 0 : 1;
    free(runner->metadata);
    free(runner->csv);
    free(runner->revoked);
    free(runner);
    return status;
}
