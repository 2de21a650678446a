/* LAB.ini: the host's serial line and printer, and who has them. */
#include <string.h>

#include "hypervisor/lab_internal.h"

const char *const LAB_LINE_KEYS[LAB_LINES] = {"serial", "printer"};

static enum status set_line(struct lab *lab, enum lab_line_kind kind, const struct ini_entry *entry,
                            struct error *error)
{
    return lab_set_text(lab, entry, lab->lines[kind], sizeof lab->lines[kind], error);
}

enum status lab_host_serial(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                            struct error *error)
{
    (void)guest;
    return set_line(lab, LINE_SERIAL, entry, error);
}

enum status lab_host_printer(struct lab *lab, struct lab_guest *guest,
                             const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return set_line(lab, LINE_PRINTER, entry, error);
}

enum status lab_host_handover(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return lab_set_number(lab, entry, 1, 10000000, &lab->handover_us, error);
}

/* "share", "pass", or where the guest's own port leads. */
static enum status set_guest_line(struct lab *lab, struct lab_guest *guest, enum lab_line_kind kind,
                                  const struct ini_entry *entry, struct error *error)
{
    guest->lines[kind] = strcmp(entry->value, "share") == 0  ? LINE_SHARE
                         : strcmp(entry->value, "pass") == 0 ? LINE_PASS
                                                             : LINE_OWN;
    if (guest->lines[kind] != LINE_OWN)
        return STATUS_OK;
    return lab_set_text(lab, entry, kind == LINE_SERIAL ? guest->serial : guest->printer, LAB_TEXT,
                        error);
}

enum status lab_guest_serial(struct lab *lab, struct lab_guest *guest,
                             const struct ini_entry *entry, struct error *error)
{
    return set_guest_line(lab, guest, LINE_SERIAL, entry, error);
}

enum status lab_guest_printer(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error)
{
    return set_guest_line(lab, guest, LINE_PRINTER, entry, error);
}

bool lab_has_line(const struct lab_guest *guest, enum lab_line_kind kind)
{
    return guest->lines[kind] != LINE_OWN ||
           (kind == LINE_SERIAL ? guest->serial : guest->printer)[0] != '\0';
}

/* What is given to one cannot be another's, too. */
enum status lab_check_lines(const struct lab *lab, unsigned index, struct error *error)
{
    const struct lab_guest *guest = &lab->guests[index];
    for (int kind = 0; kind < LAB_LINES; kind++) {
        const char *key = LAB_LINE_KEYS[kind];
        if (guest->lines[kind] == LINE_OWN)
            continue;
        if (lab->lines[kind][0] == '\0')
            return ini_error(&lab->ini, guest->line, error,
                             "guest '%s' would have the host's %s, and it has none; fix: "
                             "%s = file:PATH in [host]",
                             guest->name, key, key);
        for (unsigned i = 0; i < index; i++) {
            const struct lab_guest *other = &lab->guests[i];
            if (other->lines[kind] != LINE_OWN &&
                (other->lines[kind] == LINE_PASS || guest->lines[kind] == LINE_PASS))
                return ini_error(&lab->ini, guest->line, error,
                                 "guests '%s' and '%s' both want the host's %s, one of them alone; "
                                 "fix: %s = share in both",
                                 other->name, guest->name, key, key);
        }
    }
    return STATUS_OK;
}
