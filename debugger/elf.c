#include "debugger/elf.h"

#include <string.h>

#include "base/bits.h"

/* Where things stand: [0] ELF32, [1] ELF64. Names are the specification's. */
struct layout {
    uint8_t header_bytes, shoff, shentsize, shnum, shstrndx;
    uint8_t section_bytes, sh_flags, sh_offset, sh_size, sh_link, word;
};
static const struct layout LAYOUTS[2] = {
    {52, 32, 46, 48, 50, 40, 8, 16, 20, 24, 4},
    {64, 40, 58, 60, 62, 64, 8, 24, 32, 40, 8},
};
enum { SH_NAME = 0, SH_TYPE = 4, E_TYPE = 16, E_MACHINE = 18 };
enum { ET_REL = 1, EM_386 = 3, EM_X86_64 = 62 };

static const uint8_t *part(const struct elf *elf, uint64_t offset, uint64_t count)
{
    if (offset > elf->count || count > elf->count - offset)
        return NULL;
    return elf->bytes + offset;
}

static enum status check_header(const struct elf *elf, const struct layout *layout,
                                struct error *error)
{
    unsigned machine = load_le16(elf->bytes + E_MACHINE);
    if (machine != (elf->is_64 ? EM_X86_64 : EM_386))
        return error_set(error, STATUS_FILE,
                         "an ELF file of another processor (machine %u); fix: the guest's x86 file",
                         machine);
    if (load_le16(elf->bytes + E_TYPE) == ET_REL)
        return error_set(error, STATUS_FILE,
                         "an object file, whose addresses are not settled; fix: the linked "
                         "program");
    if (load_le16(elf->bytes + layout->shentsize) != layout->section_bytes)
        return error_set(error, STATUS_FILE, "no section headers; fix: the file before strip");
    return STATUS_OK;
}

enum status elf_open(struct elf *elf, const uint8_t *bytes, size_t count, struct error *error)
{
    static const uint8_t MAGIC[] = {0x7F, 'E', 'L', 'F'};
    const struct layout *layout;
    enum status status;
    memset(elf, 0, sizeof *elf);
    elf->bytes = bytes;
    elf->count = count;
    elf->is_64 = count > 4 && bytes[4] == 2;
    layout = &LAYOUTS[elf->is_64];
    if (count < layout->header_bytes || memcmp(bytes, MAGIC, sizeof MAGIC) != 0 || bytes[4] < 1 ||
        bytes[4] > 2 || bytes[5] != 1)
        return error_set(error, STATUS_FILE,
                         "no little-endian ELF file; fix: name the ELF file of the guest");
    if ((status = check_header(elf, layout, error)) != STATUS_OK)
        return status;
    elf->sections_offset = load_le(bytes + layout->shoff, layout->word);
    elf->section_count = load_le16(bytes + layout->shnum);
    elf->names_section = load_le16(bytes + layout->shstrndx);
    return STATUS_OK;
}

static const uint8_t *header_at(const struct elf *elf, unsigned index)
{
    const struct layout *layout = &LAYOUTS[elf->is_64];
    uint64_t offset = (uint64_t)index * layout->section_bytes;
    if (index >= elf->section_count || elf->sections_offset > elf->count)
        return NULL;
    return part(elf, elf->sections_offset + offset, layout->section_bytes);
}

/* The bytes of a section with this header; NULL: outside the file. */
static const uint8_t *bytes_of(const struct elf *elf, const uint8_t *header, size_t *count)
{
    const struct layout *layout = &LAYOUTS[elf->is_64];
    const uint8_t *bytes = NULL;
    uint64_t size = load_le(header + layout->sh_size, layout->word);
    if (load_le32(header + SH_TYPE) != ELF_NOBITS)
        bytes = part(elf, load_le(header + layout->sh_offset, layout->word), size);
    *count = bytes ? (size_t)size : 0;
    return bytes;
}

static const char *name_of(const struct elf *elf, const uint8_t *header)
{
    const uint8_t *strings = header_at(elf, elf->names_section);
    uint32_t at = load_le32(header + SH_NAME);
    const uint8_t *names;
    size_t count;
    if (!strings)
        return "";
    names = bytes_of(elf, strings, &count);
    return names && at < count && names[count - 1] == '\0' ? (const char *)names + at : "";
}

bool elf_section(const struct elf *elf, unsigned index, struct elf_section *section)
{
    const struct layout *layout = &LAYOUTS[elf->is_64];
    const uint8_t *header = header_at(elf, index);
    if (!header)
        return false;
    section->name = name_of(elf, header);
    section->type = load_le32(header + SH_TYPE);
    section->link = load_le32(header + layout->sh_link);
    section->flags = load_le(header + layout->sh_flags, layout->word);
    section->bytes = bytes_of(elf, header, &section->count);
    return true;
}

bool elf_section_named(const struct elf *elf, const char *name, struct elf_section *section)
{
    for (unsigned i = 0; elf_section(elf, i, section); i++)
        if (strcmp(section->name, name) == 0)
            return true;
    *section = (struct elf_section){.name = ""};
    return false;
}

bool elf_section_of_type(const struct elf *elf, uint32_t type, struct elf_section *section)
{
    for (unsigned i = 0; elf_section(elf, i, section); i++)
        if (section->type == type)
            return true;
    *section = (struct elf_section){.name = ""};
    return false;
}
