/* Runs hardware captures of single instructions of an 80286 on the CPU core and compares registers
 * and memory: vectors [-v N] [-m MODEL] FOLDER [OPCODE...]
 *
 * The format is MOO 1.0 (SingleStepTests 80286, README of the set). One test is one instruction;
 * after it the captured machine ran a HLT, which is why the final IP is one behind. Undefined flags
 * are those that the set's metadata.json marks, also in the flags word that an exception pushed. On
 * a model later than the 80286 bits 12-15 of FLAGS are left out: real mode keeps them there.
 *
 * Output: one line per file with what passed, then a total. Exit status 1 when a test failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "tests/unit/cpu_box.h"

enum vector_register {
    R_AX, R_BX, R_CX, R_DX, R_CS, R_SS, R_DS, R_ES, R_SP, R_BP, R_SI, R_DI, R_IP, R_FLAGS, R_COUNT
};
static const char *const NAMES[R_COUNT] = {"ax", "bx", "cx", "dx", "cs", "ss", "ds",
                                           "es", "sp", "bp", "si", "di", "ip", "flags"};
struct byte_at {
    uint32_t address;
    uint8_t value;
};
struct machine_state {
    uint16_t registers[R_COUNT];
    uint16_t mask;
    uint32_t count;
    const uint8_t *ram; /* count times {uint32 address, uint8 value} */
};
struct vector_test {
    uint32_t index;
    char name[64];
    const uint8_t *bytes;
    uint32_t byte_count;
    struct machine_state initial, final;
    bool has_exception;
    uint8_t vector;
};
struct totals {
    unsigned passed, failed;
};
struct runner {
    struct cpu_box box;
    unsigned verbose;   /* failures shown per file */
    uint16_t flags_mask;
    const char *metadata;
    struct totals all;
};

/* --- reading --------------------------------------------------------------------------------------------- */

static char *read_whole(const char *path, size_t *size)
{
    gzFile file = gzopen(path, "rb");
    size_t capacity = 1 << 20, used = 0;
    char *bytes = malloc(capacity);
    if (file == NULL || bytes == NULL) {
        free(bytes);
        return NULL;
    }
    int got;
    while ((got = gzread(file, bytes + used, (unsigned)(capacity - used - 1))) > 0) {
        used += (size_t)got;
        if (used + 1 == capacity) {
            capacity *= 2;
            char *larger = realloc(bytes, capacity);
            if (larger == NULL) {
                exit(70);
            }
            bytes = larger;
        }
    }
    gzclose(file);
    bytes[used] = '\0';
    *size = used;
    return bytes;
}

struct chunk {
    const uint8_t *body;
    uint32_t length;
    char type[5];
};

static bool next_chunk(const uint8_t **at, const uint8_t *end, struct chunk *chunk)
{
    if (end - *at < 8) {
        return false;
    }
    memcpy(chunk->type, *at, 4);
    chunk->type[4] = '\0';
    chunk->length = load_le32(*at + 4);
    chunk->body = *at + 8;
    if ((size_t)(end - chunk->body) < chunk->length) {
        return false;
    }
    *at = chunk->body + chunk->length;
    return true;
}

static void parse_state(const struct chunk *from, struct machine_state *state)
{
    struct chunk c;
    const uint8_t *at = from->body;
    while (next_chunk(&at, from->body + from->length, &c)) {
        if (strcmp(c.type, "REGS") == 0) {
            const uint8_t *p = c.body + 2;
            state->mask = load_le16(c.body);
            for (unsigned n = 0; n < R_COUNT; n++) {
                if (state->mask >> n & 1) {
                    state->registers[n] = load_le16(p);
                    p += 2;
                }
            }
        } else if (strcmp(c.type, "RAM ") == 0) {
            state->count = load_le32(c.body);
            state->ram = c.body + 4;
        }
    }
}

static void parse_test(const struct chunk *from, struct vector_test *test)
{
    struct chunk c;
    const uint8_t *at = from->body + 4;
    memset(test, 0, sizeof *test);
    test->index = load_le32(from->body);
    while (next_chunk(&at, from->body + from->length, &c)) {
        if (strcmp(c.type, "NAME") == 0) {
            snprintf(test->name, sizeof test->name, "%.*s", (int)(c.length - 4),
                     (const char *)c.body + 4);
        } else if (strcmp(c.type, "BYTS") == 0) {
            test->byte_count = load_le32(c.body);
            test->bytes = c.body + 4;
        } else if (strcmp(c.type, "INIT") == 0) {
            parse_state(&c, &test->initial);
        } else if (strcmp(c.type, "FINA") == 0) {
            parse_state(&c, &test->final);
        } else if (strcmp(c.type, "EXCP") == 0) {
            test->has_exception = true;
            test->vector = c.body[0];
        }
    }
}

/* flags-mask of an opcode in metadata.json: the text between its key and the next key of its level.
 * The file is machine-made with fixed indentation. */
static uint16_t metadata_mask(const char *json, const char *opcode)
{
    char key[32];
    snprintf(key, sizeof key, "\n        \"%.2s\": {", opcode);
    const char *start = strstr(json, key);
    if (start == NULL) {
        return 0xffff;
    }
    const char *end = strstr(start, "\n        }");
    if (opcode[2] == '.') {
        snprintf(key, sizeof key, "\"%c\": {", opcode[3]);
        start = strstr(start, key);
        end = start != NULL ? strchr(start, '}') : NULL;
    }
    const char *mask = start != NULL ? strstr(start, "\"flags-mask\":") : NULL;
    return mask != NULL && end != NULL && mask < end ? (uint16_t)atoi(mask + 13) : 0xffff;
}

/* --- running ---------------------------------------------------------------------------------------------- */

static void load_state(struct runner *runner, const struct machine_state *state)
{
    static const uint8_t GPR[] = {[R_AX] = CPU_AX, [R_BX] = CPU_BX, [R_CX] = CPU_CX,
                                  [R_DX] = CPU_DX, [R_SP] = CPU_SP, [R_BP] = CPU_BP,
                                  [R_SI] = CPU_SI, [R_DI] = CPU_DI};
    static const uint8_t SEGMENT[] = {[R_CS] = CPU_CS, [R_SS] = CPU_SS, [R_DS] = CPU_DS,
                                      [R_ES] = CPU_ES};
    struct cpu_registers r;
    cpu_reset(runner->box.cpu);
    cpu_get_registers(runner->box.cpu, &r);
    for (unsigned n = 0; n < R_IP; n++) {
        uint16_t value = state->registers[n];
        if (n >= R_CS && n <= R_ES) {
            struct cpu_segment *s = &r.segment[SEGMENT[n]];
            s->selector = value;
            s->base = (uint32_t)value << 4;
        } else {
            r.gpr[GPR[n]] = value;
        }
    }
    r.ip = state->registers[R_IP];
    r.flags = (r.flags & ~UINT64_C(0xffff)) | (state->registers[R_FLAGS] & 0x0fd7) | 2;
    cpu_set_registers(runner->box.cpu, &r);
    for (uint32_t n = 0; n < state->count; n++) {
        const uint8_t *p = state->ram + 5 * n;
        cpu_box_poke(&runner->box, load_le32(p), p + 4, 1);
    }
}

static void fetch_state(const struct runner *runner, uint16_t *to)
{
    struct cpu_registers r;
    cpu_get_registers(runner->box.cpu, &r);
    const uint64_t values[R_COUNT] = {
        r.gpr[CPU_AX], r.gpr[CPU_BX], r.gpr[CPU_CX], r.gpr[CPU_DX],
        r.segment[CPU_CS].selector, r.segment[CPU_SS].selector, r.segment[CPU_DS].selector,
        r.segment[CPU_ES].selector, r.gpr[CPU_SP], r.gpr[CPU_BP], r.gpr[CPU_SI], r.gpr[CPU_DI],
        r.ip, r.flags};
    for (unsigned n = 0; n < R_COUNT; n++) {
        to[n] = (uint16_t)values[n];
    }
}

/* Is this a string instruction with a repeat prefix? Its elements count one by one. */
static bool is_repeated(const struct vector_test *test)
{
    bool has_rep = false;
    for (uint32_t n = 0; n < test->byte_count; n++) {
        uint8_t b = test->bytes[n];
        if (b == 0xf2 || b == 0xf3) {
            has_rep = true;
        } else if (b != 0x26 && b != 0x2e && b != 0x36 && b != 0x3e && b != 0xf0) {
            return has_rep && (b >> 2 == 0x1b || (b >= 0xa4 && b <= 0xa7) ||
                               (b >= 0xaa && b <= 0xaf));
        }
    }
    return false;
}

/* One instruction; returns whether it was a HLT. */
static bool run_one(struct runner *runner, const struct vector_test *test)
{
    unsigned limit = is_repeated(test) ? 0x10001 : 1;
    for (unsigned n = 0; n < limit; n++) {
        struct cpu_registers r;
        cpu_box_run(&runner->box, 1);
        if (cpu_is_halted(runner->box.cpu)) {
            return true;
        }
        cpu_get_registers(runner->box.cpu, &r);
        if ((uint16_t)r.ip != test->initial.registers[R_IP] ||
            r.segment[CPU_CS].selector != test->initial.registers[R_CS]) {
            return false;
        }
    }
    return false;
}

/* Compares; writes the first differences to text. */
static bool compare(const struct runner *runner, const struct vector_test *test, bool halted,
                    char *text, size_t size)
{
    uint16_t is[R_COUNT];
    size_t used = 0;
    text[0] = '\0';
    fetch_state(runner, is);
    for (unsigned n = 0; n < R_COUNT; n++) {
        uint16_t want = test->final.mask >> n & 1 ? test->final.registers[n]
                                                  : test->initial.registers[n];
        uint16_t mask = n == R_FLAGS ? runner->flags_mask & 0x0fff : 0xffff;
        uint16_t got = n == R_IP && !halted ? (uint16_t)(is[n] + 1) : is[n];
        if (((want ^ got) & mask) != 0) {
            text_append(text, size, &used, " %s=%04x want %04x", NAMES[n], got, want);
        }
    }
    /* The set rounds the address of a flags word at an odd place down: the stack says where it is. */
    uint16_t sp = test->final.mask >> R_SP & 1 ? test->final.registers[R_SP]
                                               : test->initial.registers[R_SP];
    uint32_t pushed = ((uint32_t)test->initial.registers[R_SS] << 4) + (uint16_t)(sp + 4);
    for (uint32_t n = 0; n < test->final.count; n++) {
        const uint8_t *p = test->final.ram + 5 * n;
        uint32_t address = load_le32(p);
        uint8_t got, mask = 0xff;
        cpu_box_peek(&runner->box, address, &got, 1);
        if (test->has_exception && address == pushed) {
            mask = (uint8_t)runner->flags_mask;
        } else if (test->has_exception && address == pushed + 1) {
            mask = runner->flags_mask >> 8 & 0x0f;
        }
        if (((got ^ p[4]) & mask) != 0) {
            text_append(text, size, &used, " [%05x]=%02x want %02x", address, got, p[4]);
        }
    }
    return used == 0;
}

static void run_file(struct runner *runner, const char *folder, const char *opcode)
{
    char path[4096], text[512];
    size_t size;
    snprintf(path, sizeof path, "%s/%s.MOO.gz", folder, opcode);
    char *bytes = read_whole(path, &size);
    if (bytes == NULL) {
        return;
    }
    runner->flags_mask = metadata_mask(runner->metadata, opcode);
    struct totals totals = {0};
    const uint8_t *at = (const uint8_t *)bytes, *end = at + size;
    struct chunk c;
    while (next_chunk(&at, end, &c)) {
        struct vector_test test;
        if (strcmp(c.type, "TEST") != 0) {
            continue;
        }
        parse_test(&c, &test);
        load_state(runner, &test.initial);
        bool halted = run_one(runner, &test);
        if (compare(runner, &test, halted, text, sizeof text)) {
            totals.passed++;
        } else if (totals.failed++ < runner->verbose) {
            printf("  %s #%u %s (", opcode, test.index, test.name);
            for (uint32_t n = 0; n < test.byte_count; n++) {
                printf("%02x", test.bytes[n]);
            }
            printf(")%s:%s\n", test.has_exception ? " [exception]" : "", text);
        }
    }
    free(bytes);
    printf("%-5s %5u passed %5u failed\n", opcode, totals.passed, totals.failed);
    runner->all.passed += totals.passed;
    runner->all.failed += totals.failed;
}

static void run_folder(struct runner *runner, const char *folder)
{
    for (unsigned opcode = 0; opcode < 0x100; opcode++) {
        char name[8];
        snprintf(name, sizeof name, "%02X", opcode);
        run_file(runner, folder, name);
        for (unsigned reg = 0; reg < 8; reg++) {
            snprintf(name, sizeof name, "%02X.%u", opcode, reg);
            run_file(runner, folder, name);
        }
    }
}

int main(int argc, char **argv)
{
    struct runner *runner = calloc(1, sizeof *runner);
    const char *model = "80286";
    int n = 1;
    if (runner == NULL) {
        return 70;
    }
    for (; n + 1 < argc && argv[n][0] == '-'; n += 2) {
        switch (argv[n][1]) {
        case 'v': runner->verbose = (unsigned)atoi(argv[n + 1]); break;
        case 'm': model = argv[n + 1]; break;
        default: n = argc; break;
        }
    }
    if (n >= argc) {
        fprintf(stderr, "usage: vectors [-v N] [-m MODEL] FOLDER [OPCODE...]\n");
        return 2;
    }
    char path[4096];
    size_t size;
    const char *folder = argv[n++];
    snprintf(path, sizeof path, "%s/metadata.json", folder);
    runner->metadata = read_whole(path, &size);
    if (runner->metadata == NULL) {
        fprintf(stderr, "vectors: cannot read %s\n", path);
        return 6;
    }
    cpu_box_init(&runner->box, model, 0x1000000 / 4096);
    if (n < argc) {
        for (; n < argc; n++) {
            run_file(runner, folder, argv[n]);
        }
    } else {
        run_folder(runner, folder);
    }
    cpu_box_fini(&runner->box);
    printf("total %u passed, %u failed\n", runner->all.passed, runner->all.failed);
    return runner->all.failed == 0 && runner->all.passed > 0 ? 0 : 1;
}
