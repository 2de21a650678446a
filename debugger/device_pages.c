/* The generated pages docs/devices/NAME.md: title, data sheet, what is missing, options, wires and
 * the register tables with their fields. Everything comes from the type's tables. */
#include "debugger/device_pages.h"

#include <string.h>

#include "devices/features.h"
#include "devices/work_bounds.h"

/* Table cells: a bar would end the cell. */
static void write_cell(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', file);
        fputc(*text == '\n' ? ' ' : *text, file);
    }
}

static void write_missing(FILE *file, const char *missing)
{
    fputs("\n## Not modelled\n\n", file);
    if (!*missing) {
        fputs("Nothing known.\n", file);
        return;
    }
    while (*missing) {
        size_t length = strcspn(missing, "\n");
        fprintf(file, "- %.*s\n", (int)length, missing);
        missing += length + (missing[length] == '\n');
    }
}

static const char *state_name(enum feature_state state)
{
    switch (state) {
    case FEATURE_MODELLED: return "modelled";
    case FEATURE_PARTLY: return "partly";
    case FEATURE_MISSING: return "**MISSING**";
    }
    return "";
}

/* The data sheet's features against what is modelled. */
static void write_features(FILE *file, const struct device_type *type)
{
    fputs("\n## Features\n\n| feature | section | state | what a guest sees instead |\n"
          "|---|---|---|---|\n",
          file);
    for (const struct device_feature *row = DEVICE_FEATURES; row->type; row++) {
        if (strcmp(row->type, type->name) != 0)
            continue;
        fputs("| ", file);
        write_cell(file, row->feature);
        fputs(" | ", file);
        write_cell(file, row->section);
        fprintf(file, " | %s |%s", state_name(row->state), row->instead[0] ? " " : "");
        write_cell(file, row->instead);
        fputs(" |\n", file);
    }
}

static unsigned count_features(const struct device_type *type, enum feature_state state)
{
    unsigned count = 0;
    for (const struct device_feature *row = DEVICE_FEATURES; row->type; row++)
        count += strcmp(row->type, type->name) == 0 && row->state == state;
    return count;
}

static void write_options(FILE *file, const struct device_option *options)
{
    if (!options || !options->name)
        return;
    fputs("\n## Options\n\n| option | default | range | meaning |\n|---|---|---|---|\n", file);
    for (const struct device_option *option = options; option->name; option++) {
        fprintf(file, "| `%s` | %s%s%s | ", option->name, option->initial[0] ? "`" : "",
                option->initial, option->initial[0] ? "`" : "");
        if (option->minimum == 0 && option->maximum == 0)
            fputs("text", file);
        else
            fprintf(file, "%llu-%llu", (unsigned long long)option->minimum,
                    (unsigned long long)option->maximum);
        fputs(" | ", file);
        write_cell(file, option->meaning);
        fputs(" |\n", file);
    }
}

static void write_wires(FILE *file, const struct device_type *type)
{
    bool has_pins = type->pins && type->pins->name, has_inputs = type->inputs && type->inputs[0];
    if (!has_pins && !has_inputs)
        return;
    fputs("\n## Wires\n\n", file);
    if (has_pins) {
        fputs("Outputs:", file);
        for (const struct device_pin *pin = type->pins; pin->name; pin++)
            fprintf(file, " `%s`", pin->name);
        fputs("\n", file);
    }
    if (has_inputs) {
        fprintf(file, "%sInputs:", has_pins ? "\n" : "");
        for (unsigned i = 0; type->inputs[i]; i++)
            fprintf(file, " `%s`", type->inputs[i]);
        fputs("\n", file);
    }
}

static void write_work(FILE *file, const struct device_type *type)
{
    const struct work_bound *bound = work_bound_of(type->name);
    fprintf(file,
            "\n## Work\n\nWhatever a guest writes, an access takes at most %u basic blocks of "
            "code, an event %u: ",
            (unsigned)bound->access, (unsigned)bound->event);
    write_cell(file, bound->reason);
    fputs(".\n", file);
}

static const char *access_name(const struct reg *row)
{
    switch (row->access & REG_RW) {
    case REG_READ: return row->access & REG_CLEARS_ON_READ ? "R, side effect" : "R";
    case REG_WRITE: return row->access & REG_ONE_CLEARS ? "W, ones clear" : "W";
    default:
        return row->access & REG_CLEARS_ON_READ ? "RW, side effect of reads"
               : row->access & REG_ONE_CLEARS   ? "RW, ones clear"
                                                : "RW";
    }
}

static void write_row(FILE *file, const struct reg *row)
{
    int digits = 2 * row->width;
    fprintf(file, "| %02Xh | **", (unsigned)row->offset);
    write_cell(file, row->name);
    fprintf(file, "** | %s | %u | ", access_name(row), 8u * row->width);
    if ((row->access & REG_READ) && row->peek)
        fprintf(file, "%0*Xh | ", digits, (unsigned)row->reset);
    else
        fputs("| ", file);
    if (row->writable)
        fprintf(file, "%0*Xh | ", digits, (unsigned)row->writable);
    else
        fputs("| ", file);
    write_cell(file, row->meaning);
    if (row->inner)
        fprintf(file, " (index to *%s*)", row->inner->name);
    fputs(" | ", file);
    write_cell(file, row->section);
    fputs(" |\n", file);
}

static void write_values(FILE *file, const struct reg_field *field)
{
    unsigned count = field->width < 5 ? 1u << field->width : 0;
    const char *separator = ": ";
    for (unsigned value = 0; field->values && value < count; value++) {
        if (!field->values[value])
            continue;
        fprintf(file, "%s%u ", separator, value);
        write_cell(file, field->values[value]);
        separator = ", ";
    }
}

static void write_fields(FILE *file, const struct reg *row)
{
    if (!row->fields || !row->fields->name)
        return;
    fprintf(file, "\n%s (%02Xh, %s):\n\n| bits | field | meaning |\n|---|---|---|\n", row->name,
            (unsigned)row->offset, access_name(row));
    for (const struct reg_field *field = row->fields; field->name; field++) {
        if (field->width > 1)
            fprintf(file, "| %u-%u | **", field->lsb + field->width - 1u, (unsigned)field->lsb);
        else
            fprintf(file, "| %u | **", (unsigned)field->lsb);
        write_cell(file, field->name);
        fputs("** | ", file);
        write_cell(file, field->meaning ? field->meaning : "");
        write_values(file, field);
        fputs(" |\n", file);
    }
}

static void write_bank(FILE *file, const struct reg_bank *bank)
{
    if (!bank->rows->name)
        return;
    fprintf(file,
            "\n## Registers: %s\n\n"
            "| offset | name | access | bits | reset | writable | meaning | section |\n"
            "|---|---|---|---|---|---|---|---|\n",
            bank->name);
    for (const struct reg *row = bank->rows; row->name; row++)
        write_row(file, row);
    for (const struct reg *row = bank->rows; row->name; row++)
        write_fields(file, row);
}

/* Banks that are reached only through an index register of a bank before, and not listed. */
static bool is_listed(const struct device_type *type, const struct reg_bank *bank)
{
    for (const struct reg_bank *const *listed = type->banks; *listed; listed++)
        if (*listed == bank)
            return true;
    return false;
}

static void write_banks(FILE *file, const struct device_type *type)
{
    for (const struct reg_bank *const *bank = type->banks; *bank; bank++) {
        const struct reg_bank *last = NULL;
        write_bank(file, *bank);
        for (const struct reg *row = (*bank)->rows; row->name; row++) {
            if (!row->inner || row->inner == last || is_listed(type, row->inner))
                continue;
            last = row->inner;
            write_bank(file, last);
        }
    }
}

void device_page_write(FILE *file, const struct device_type *type)
{
    fprintf(file, "# %s: %s\n\nThis page is generated from the device's tables.\n\n", type->name,
            type->title);
    fprintf(file, "Data sheet: %s.\n", type->datasheet);
    write_features(file, type);
    write_missing(file, type->missing);
    write_options(file, type->options);
    write_wires(file, type);
    write_work(file, type);
    write_banks(file, type);
}

void device_index_write(FILE *file)
{
    fputs("# Devices\n\nThis page is generated from the devices' tables. The numbers count "
          "features of the data\n"
          "sheets; each device's page lists them.\n\n"
          "| device | what it is | modelled | partly | MISSING |\n|---|---|---|---|---|\n",
          file);
    for (unsigned i = 0; DEVICE_TYPES[i]; i++)
        fprintf(file, "| [%s](%s.md) | %s | %u | %u | %u |\n", DEVICE_TYPES[i]->name,
                DEVICE_TYPES[i]->name, DEVICE_TYPES[i]->title,
                count_features(DEVICE_TYPES[i], FEATURE_MODELLED),
                count_features(DEVICE_TYPES[i], FEATURE_PARTLY),
                count_features(DEVICE_TYPES[i], FEATURE_MISSING));
}
