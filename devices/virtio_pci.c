/* Virtio over PCI (VIRTIO 1.1, 4.1). One device answers two kinds of drivers (4.1.4.8, "transitional"):
 *
 *   BAR 0, ports   legacy     features, queue page, status, ISR, and the device's own registers
 *   BAR 4, memory  modern     0000 common   1000 ISR   2000 device   3000 notifications
 *   40h-97h        five vendor capabilities, which tell where these are, and one through which
 *                  configuration cycles reach them (VIRTIO_PCI_CAP_PCI_CFG, 4.1.4.7)
 *
 * transport=legacy leaves the capabilities out, transport=modern the ports. The legacy queue is one
 * piece of memory (2.6.2): descriptors, available ring, and on the next page the used ring.
 *
 * MISSING: MSI-X: vectors read FFFFh, INTA# is used. Interrupt line: `interrupt`, level ISR != 0. */
#include "devices/virtio_pci.h"

#include <string.h>

#include "base/bits.h"

#define VENDOR                  0x1AF4u
#define TRANSITIONAL_DEVICE     0x0FFFu /* + kind; true of network card and block device (4.1.2.1) */
#define MODERN_DEVICE           0x1040u /* + kind */
#define MODERN_SUBSYSTEM        0x1100u /* 4.1.2.1: 40h or higher */
#define LEGACY_PAGE_SHIFT       12
#define NO_VECTOR               0xFFFFu
#define MODERN_BAR              4u
#define STATUS_HAS_CAPABILITIES 0x10u
#define CAPABILITIES            0x34u

/* The capabilities (4.1.4): vendor 09h, next, length, type, BAR, 3 reserved, offset, length. */
enum capability_place {
    CAP_COMMON = 0x40,
    CAP_ISR = 0x50,
    CAP_DEVICE = 0x60,
    CAP_NOTIFY = 0x70,
    CAP_WINDOW = 0x84
};
enum capability_type {
    TYPE_COMMON = 1,
    TYPE_NOTIFY = 2,
    TYPE_ISR = 3,
    TYPE_DEVICE = 4,
    TYPE_PCI = 5
};
#define WINDOW_BAR    (CAP_WINDOW + 4u)
#define WINDOW_OFFSET (CAP_WINDOW + 8u)
#define WINDOW_LENGTH (CAP_WINDOW + 12u)
#define WINDOW_DATA   (CAP_WINDOW + 16u)

const struct state_field VIRTIO_PCI_STATE[] = {
    STATE_STRUCT(struct virtio_pci, virtio, VIRTIO_STATE),
    STATE_STRUCT(struct virtio_pci, function, PCI_FUNCTION_STATE),
    STATE_ONE(struct virtio_pci, device_select),
    STATE_ONE(struct virtio_pci, driver_select),
    STATE_ONE(struct virtio_pci, queue_select),
    STATE_REBUILT(struct virtio_pci, modern),
    STATE_REBUILT(struct virtio_pci, has_legacy),
    STATE_REBUILT(struct virtio_pci, has_modern),
    STATE_TABLE_END,
};

static const struct virtio_pci *pci_of(const void *self)
{
    return self;
}

/* The selected queue; NULL: there is no such one. */
static const struct virtqueue *selected(const struct virtio_pci *pci)
{
    return pci->queue_select < pci->virtio.queue_count ? &pci->virtio.queues[pci->queue_select]
                                                       : NULL;
}
static struct virtqueue *selected_to_change(struct virtio_pci *pci)
{
    return pci->queue_select < pci->virtio.queue_count ? &pci->virtio.queues[pci->queue_select]
                                                       : NULL;
}

static void set_status(struct virtio_pci *pci, uint8_t value)
{
    virtio_set_status(&pci->virtio, value);
    if (value == 0)
        pci->device_select = pci->driver_select = pci->queue_select = 0;
}

/* --- both interfaces ------------------------------------------------------------------------- */

uint32_t virtio_isr_peek(const void *self, const struct reg *row)
{
    (void)row;
    return pci_of(self)->virtio.isr;
}

uint32_t virtio_isr_read(void *self, const struct reg *row)
{
    (void)row;
    return virtio_take_isr(&((struct virtio_pci *)self)->virtio);
}

/* 4.1.5.2: the value tells the queue, wherever it is written. */
void virtio_notify_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    virtio_notify(&((struct virtio_pci *)self)->virtio, (uint16_t)value);
}

/* --- legacy (4.1.4.8, 4.1.5.1.3.1) ----------------------------------------------------------- */

uint32_t virtio_legacy_peek(const void *self, const struct reg *row)
{
    const struct virtio_pci *pci = self;
    const struct virtqueue *queue = selected(pci);
    switch (row->offset) {
    case 0x00: return (uint32_t)pci->virtio.offered;
    case 0x04: return (uint32_t)pci->virtio.accepted;
    case 0x08:
        return queue && queue->is_ready ? (uint32_t)(queue->descriptors >> LEGACY_PAGE_SHIFT) : 0;
    case 0x0C: return queue ? queue->size : 0;
    case 0x0E: return pci->queue_select;
    default: return pci->virtio.status;
    }
}

/* 2.6.2: one piece, the used ring on a page of its own. Page 0 takes the queue away. */
static void set_legacy_page(struct virtio_pci *pci, uint32_t page)
{
    struct virtqueue *queue = selected_to_change(pci);
    uint64_t end;
    if (!queue)
        return;
    queue->descriptors = (uint64_t)page << LEGACY_PAGE_SHIFT;
    queue->available = queue->descriptors + 16u * queue->size;
    end = queue->available + 6u + 2u * queue->size;
    queue->used = (end + FRAME_MASK) & ~(uint64_t)FRAME_MASK;
    queue->taken = queue->returned = queue->signalled = 0;
    queue->has_signalled = queue->is_silenced = false;
    queue->is_ready = page != 0;
}

void virtio_legacy_write(void *self, const struct reg *row, uint32_t value)
{
    struct virtio_pci *pci = self;
    switch (row->offset) {
    case 0x04: virtio_accept(&pci->virtio, false, value); break;
    case 0x08: set_legacy_page(pci, value); break;
    case 0x0E: pci->queue_select = (uint16_t)value; break;
    default: set_status(pci, (uint8_t)value);
    }
}

/* --- modern: common configuration (4.1.4.3) -------------------------------------------------- */

static uint32_t half(uint64_t value, bool is_high)
{
    return (uint32_t)(value >> (is_high ? 32 : 0));
}

static void set_half(uint64_t *value, bool is_high, uint32_t part)
{
    unsigned shift = is_high ? 32 : 0;
    *value = (*value & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)part << shift;
}

static uint32_t queue_peek(const struct virtqueue *queue, unsigned offset)
{
    if (!queue)
        return 0;
    switch (offset) {
    case 0x18: return queue->size;
    case 0x1C: return queue->is_ready;
    case 0x1E: return queue->number;
    case 0x20:
    case 0x24: return half(queue->descriptors, offset & 4);
    case 0x28:
    case 0x2C: return half(queue->available, offset & 4);
    default: return half(queue->used, offset & 4);
    }
}

uint32_t virtio_common_peek(const void *self, const struct reg *row)
{
    const struct virtio_pci *pci = self;
    const struct virtio *v = &pci->virtio;
    switch (row->offset) {
    case 0x00: return pci->device_select;
    case 0x04:
        return pci->device_select > 1
                   ? 0
                   : half(v->offered & ~VIRTIO_LEGACY_FEATURES, pci->device_select);
    case 0x08: return pci->driver_select;
    case 0x0C: return pci->driver_select > 1 ? 0 : half(v->accepted, pci->driver_select);
    case 0x10:
    case 0x1A: return NO_VECTOR;
    case 0x12: return v->queue_count;
    case 0x14: return v->status;
    case 0x15: return 0;
    case 0x16: return pci->queue_select;
    default: return queue_peek(selected(pci), row->offset);
    }
}

/* 2.6: alignments; a queue that is not set up well is not enabled. */
static void enable_queue(struct virtio_pci *pci, struct virtqueue *queue, uint32_t value)
{
    if (value != 1 || queue->is_ready)
        return; /* 4.1.4.3.2: a driver must not write 0 */
    if (queue->descriptors % 16 || queue->available % 2 || queue->used % 4)
        device_guest_error(&pci->virtio.device,
                           "queue %u at %llXh, %llXh, %llXh is not aligned to 16, 2, "
                           "4: not enabled",
                           queue->number, (unsigned long long)queue->descriptors,
                           (unsigned long long)queue->available, (unsigned long long)queue->used);
    else
        queue->is_ready = true;
}

static void set_queue_size(struct virtio_pci *pci, struct virtqueue *queue, uint32_t value)
{
    if (value == 0 || value > queue->maximum || (value & (value - 1)))
        device_guest_error(&pci->virtio.device,
                           "queue %u of %u descriptors is not possible: it keeps %u", queue->number,
                           (unsigned)value, queue->size);
    else
        queue->size = (uint16_t)value;
}

static void queue_write(struct virtio_pci *pci, struct virtqueue *queue, unsigned offset,
                        uint32_t value)
{
    if (!queue || (queue->is_ready && offset != 0x1C)) {
        device_guest_error(&pci->virtio.device, "queue %u %s: register %02Xh keeps its value",
                           pci->queue_select, queue ? "is enabled" : "is not there", offset);
        return;
    }
    switch (offset) {
    case 0x18: set_queue_size(pci, queue, value); break;
    case 0x1C: enable_queue(pci, queue, value); break;
    case 0x20:
    case 0x24: set_half(&queue->descriptors, offset & 4, value); break;
    case 0x28:
    case 0x2C: set_half(&queue->available, offset & 4, value); break;
    case 0x30:
    case 0x34: set_half(&queue->used, offset & 4, value); break;
    default: break; /* only read */
    }
}

void virtio_common_write(void *self, const struct reg *row, uint32_t value)
{
    struct virtio_pci *pci = self;
    switch (row->offset) {
    case 0x00: pci->device_select = value; break;
    case 0x08: pci->driver_select = value; break;
    case 0x0C:
        if (pci->driver_select <= 1)
            virtio_accept(&pci->virtio, pci->driver_select, value);
        break;
    case 0x14: set_status(pci, (uint8_t)value); break;
    case 0x16: pci->queue_select = (uint16_t)value; break;
    case 0x10:
    case 0x1A: break; /* no vector is ever taken */
    default: queue_write(pci, selected_to_change(pci), row->offset, value);
    }
}

/* --- configuration space --------------------------------------------------------------------- */

static void put_capability(struct virtio_pci *pci, unsigned at, uint8_t bytes, uint8_t next,
                           uint8_t type, uint32_t offset, uint32_t length)
{
    uint8_t *config = pci->function.config + at;
    config[0] = 0x09;
    config[1] = next;
    config[2] = bytes;
    config[3] = type;
    config[4] = type == TYPE_PCI ? 0 : MODERN_BAR;
    store_le32(config + 8, offset);
    store_le32(config + 12, length);
}

static void put_capabilities(struct virtio_pci *pci)
{
    struct pci_function *function = &pci->function;
    uint32_t notify = VIRTIO_NOTIFY_STEP * pci->virtio.queue_count;
    function->config[PCI_STATUS] |= STATUS_HAS_CAPABILITIES;
    function->config[CAPABILITIES] = CAP_COMMON;
    put_capability(pci, CAP_COMMON, 16, CAP_ISR, TYPE_COMMON, 0, 0x38);
    put_capability(pci, CAP_ISR, 16, CAP_DEVICE, TYPE_ISR, VIRTIO_MODERN_ISR, 1);
    put_capability(pci, CAP_DEVICE, 16, CAP_NOTIFY, TYPE_DEVICE, VIRTIO_MODERN_CONFIG, 0x1000);
    put_capability(pci, CAP_NOTIFY, 20, CAP_WINDOW, TYPE_NOTIFY, VIRTIO_MODERN_NOTIFY, notify);
    store_le32(&function->config[CAP_NOTIFY + 16], VIRTIO_NOTIFY_STEP);
    put_capability(pci, CAP_WINDOW, 20, 0, TYPE_PCI, 0, 0);
    function->writable[WINDOW_BAR] = 0xFF;
    memset(&function->writable[WINDOW_OFFSET], 0xFF, 12);
}

/* Where the window looks (4.1.4.7): a register of the modern BAR, in 1, 2 or 4 bytes, aligned. */
static bool find_window(const struct virtio_pci *pci, uint32_t *offset, unsigned *bytes)
{
    const uint8_t *config = pci->function.config;
    *offset = load_le32(&config[WINDOW_OFFSET]);
    *bytes = load_le32(&config[WINDOW_LENGTH]);
    return pci->has_modern && config[WINDOW_BAR] == MODERN_BAR &&
           (*bytes == 1 || *bytes == 2 || *bytes == 4) && *offset % *bytes == 0 &&
           *offset < VIRTIO_MODERN_BYTES;
}

static bool is_window(uint8_t offset, unsigned size)
{
    return offset < WINDOW_DATA + 4 && offset + size > WINDOW_DATA;
}

static void config_reading(struct pci_function *function, uint8_t offset, unsigned size)
{
    struct virtio_pci *pci = (struct virtio_pci *)function->device;
    uint32_t at;
    unsigned bytes;
    if (is_window(offset, size) && find_window(pci, &at, &bytes))
        store_le(&function->config[WINDOW_DATA], bytes, reg_bank_read(pci->modern, pci, at, bytes));
}

static void config_written(struct pci_function *function, uint8_t offset, unsigned size)
{
    struct virtio_pci *pci = (struct virtio_pci *)function->device;
    uint32_t at;
    unsigned bytes;
    pci->virtio.is_master = (function->config[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0;
    if (is_window(offset, size) && find_window(pci, &at, &bytes))
        reg_bank_write(pci->modern, pci, at, bytes, load_le(&function->config[WINDOW_DATA], bytes));
}

static uint32_t config_peek(const void *self, const struct reg *row)
{
    return (uint32_t)load_le(&pci_of(self)->function.config[row->offset], row->width);
}

#define CONFIG_ROW(title, words, at, bytes, where)                                                 \
    {                                                                                              \
        .name = title, .meaning = words, .offset = (at), .width = (bytes), .access = REG_READ,     \
        .reset = 0, .peek = config_peek, .section = where                                          \
    }
#define CAPABILITY_ROWS(title, words, at, where)                                                   \
    {.name = title,                                                                                \
     .meaning = words,                                                                             \
     .offset = (at),                                                                               \
     .width = 4,                                                                                   \
     .access = REG_READ,                                                                           \
     .peek = config_peek,                                                                          \
     .section = where},                                                                            \
        {.name = title " bar",                                                                     \
         .meaning = "which BAR",                                                                   \
         .offset = (at) + 4,                                                                       \
         .width = 1,                                                                               \
         .access = REG_READ,                                                                       \
         .peek = config_peek,                                                                      \
         .section = where},                                                                        \
        {.name = title " offset",                                                                  \
         .meaning = "where in it",                                                                 \
         .offset = (at) + 8,                                                                       \
         .width = 4,                                                                               \
         .access = REG_READ,                                                                       \
         .peek = config_peek,                                                                      \
         .section = where},                                                                        \
    {                                                                                              \
        .name = title " length", .meaning = "bytes", .offset = (at) + 12, .width = 4,              \
        .access = REG_READ, .peek = config_peek, .section = where                                  \
    }
/* Names for the trace; the values are the identity's, or the driver's. */
static const struct reg CONFIG_ROWS[] = {
    CAPABILITY_ROWS("COMMON_CFG", "capability: common configuration", CAP_COMMON, "4.1.4.3"),
    CAPABILITY_ROWS("ISR_CFG", "capability: ISR status", CAP_ISR, "4.1.4.5"),
    CAPABILITY_ROWS("DEVICE_CFG", "capability: the device's own registers", CAP_DEVICE, "4.1.4.6"),
    CAPABILITY_ROWS("NOTIFY_CFG", "capability: notifications", CAP_NOTIFY, "4.1.4.4"),
    {.name = "notify_off_multiplier",
                                                                        .meaning = "bytes from queue to queue",
                                                                        .offset = CAP_NOTIFY + 16,
                                                                        .width = 4,
                                                                        .access = REG_READ,
                                                                        .peek = config_peek,
                                                                        .section = "4.1.4.4"},
    CAPABILITY_ROWS("PCI_CFG", "capability: a window for configuration cycles", CAP_WINDOW,
                    "4.1.4.7"),
    {.name = "pci_cfg_data",
                                                                        .meaning = "what the window shows; an access is one there",
                                                                        .offset = WINDOW_DATA,
                                                                        .width = 4,
                                                                        .access = REG_RW,
                                                                        .peek = config_peek,
                                                                        .section = "4.1.4.7"},
    REG_ROWS_END,
};
const struct reg_bank VIRTIO_PCI_CONFIG_BANK = {"config", CONFIG_ROWS};

const struct reg_field VIRTIO_ISR_FIELDS[] = {
    {"config", 1, 1, NULL, "the configuration changed, or NEEDS_RESET was set"},
    {"queue",  0, 1, NULL, "some queue has used chains"                       },
    REG_FIELDS_END,
};

/* --- in words -------------------------------------------------------------------------------- */

static void queue_name_text(const struct virtio_pci *pci, uint32_t number, char *text, size_t size)
{
    size_t used = 0;
    if (number < pci->virtio.queue_count)
        text_append(text, size, &used, "queue %u (%s)", (unsigned)number,
                    pci->virtio.ops->queues[number]);
    else
        text_append(text, size, &used, "queue %u, which is not there", (unsigned)number);
}

static void legacy_text(const struct virtio_pci *pci, const struct access *access, char *text,
                        size_t size)
{
    uint32_t value = (uint32_t)access->value;
    size_t used = 0;
    switch (access->reg->offset) {
    case 0x00:
    case 0x04: virtio_features_text(&pci->virtio, false, value, text, size); break;
    case 0x08:
        text_append(text, size, &used, "queue %u at %llXh", pci->queue_select,
                    (unsigned long long)value << LEGACY_PAGE_SHIFT);
        break;
    case 0x0C:
        text_append(text, size, &used, "queue %u: %u descriptors", pci->queue_select,
                    (unsigned)value);
        break;
    case 0x0E: queue_name_text(pci, value, text, size); break;
    case 0x12: virtio_status_text((uint8_t)value, text, size); break;
    default: break;
    }
}

static void common_text(const struct virtio_pci *pci, const struct access *access, char *text,
                        size_t size)
{
    uint32_t value = (uint32_t)access->value;
    unsigned offset = access->reg->offset;
    size_t used = 0;
    switch (offset) {
    case 0x04:
        virtio_features_text(&pci->virtio, pci->device_select != 0, value, text, size);
        break;
    case 0x0C:
        virtio_features_text(&pci->virtio, pci->driver_select != 0, value, text, size);
        break;
    case 0x14: virtio_status_text((uint8_t)value, text, size); break;
    case 0x16: queue_name_text(pci, value, text, size); break;
    case 0x18:
        text_append(text, size, &used, "queue %u: %u descriptors", pci->queue_select,
                    (unsigned)value);
        break;
    case 0x1C:
        text_append(text, size, &used, "queue %u is %s", pci->queue_select,
                    value ? "enabled" : "not enabled");
        break;
    case 0x20:
    case 0x28:
    case 0x30:
        text_append(text, size, &used, "queue %u: %s at %Xh", pci->queue_select,
                    offset == 0x20   ? "descriptors"
                    : offset == 0x28 ? "available ring"
                                     : "used ring",
                    (unsigned)value);
        break;
    default: break;
    }
}

void virtio_pci_describe(const struct device *device, const struct access *access, char *text,
                         size_t size)
{
    const struct virtio_pci *pci = (const struct virtio_pci *)device;
    const struct reg *row = access->reg;
    if (!row)
        return;
    if (row->write == virtio_notify_write && access->is_write)
        virtio_notify_text(&pci->virtio, (uint16_t)access->value, text, size);
    else if (row->peek == virtio_legacy_peek && access->size == row->width)
        legacy_text(pci, access, text, size);
    else if (row->peek == virtio_common_peek && access->size == row->width)
        common_text(pci, access, text, size);
}

/* --- life ------------------------------------------------------------------------------------ */

static void set_intx(void *self, unsigned input, bool level)
{
    struct virtio_pci *pci = self;
    (void)input;
    irq_line_set(&pci->function.intx, level);
}

static enum status choose_transport(struct virtio_pci *pci, const struct device_config *config,
                                    struct error *error)
{
    const char *word = device_text(pci->virtio.device.type, config, "transport");
    bool is_both = strcmp(word, "transitional") == 0;
    pci->has_legacy = is_both || strcmp(word, "legacy") == 0;
    pci->has_modern = is_both || strcmp(word, "modern") == 0;
    if (pci->has_legacy || pci->has_modern)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "%s: transport=%s; fix: transport=transitional, legacy or modern",
                     config->name, word);
}

/* 4.1.2.1: a transitional device has revision 0 and its kind as the subsystem. */
static void identify(struct virtio_pci *pci, uint32_t class_code)
{
    struct virtio *v = &pci->virtio;
    uint16_t device = (uint16_t)((pci->has_legacy ? TRANSITIONAL_DEVICE : MODERN_DEVICE) + v->kind);
    pci_function_init(&pci->function, &v->device, VENDOR, device, class_code,
                      pci->has_legacy ? 0 : 1);
    store_le16(&pci->function.config[PCI_SUBSYSTEM_VENDOR], VENDOR);
    store_le16(&pci->function.config[PCI_SUBSYSTEM],
               (uint16_t)(pci->has_legacy ? v->kind : MODERN_SUBSYSTEM));
}

enum status virtio_pci_init(struct virtio_pci *pci, const struct device_config *config,
                            const struct virtio_pci_identity *identity, struct error *error)
{
    const struct pci_bar ports = {
        .size = identity->legacy_bytes, .is_ports = true, .bank = identity->legacy};
    const struct pci_bar memory = {.size = VIRTIO_MODERN_BYTES, .bank = identity->modern};
    const struct device_type *type = pci->virtio.device.type;
    enum status status;
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: %s on a board without PCI; fix: --board pc",
                         config->name, type->name);
    if ((status = choose_transport(pci, config, error)) != STATUS_OK)
        return status;
    identify(pci, identity->class_code);
    pci->modern = identity->modern;
    if (pci->has_legacy)
        pci_set_bar(&pci->function, 0, &ports);
    if (pci->has_modern) {
        pci->virtio.offered |= VIRTIO_BIT(VIRTIO_F_VERSION_1);
        pci_set_bar(&pci->function, MODERN_BAR, &memory);
        put_capabilities(pci);
    }
    pci->function.reading = config_reading;
    pci->function.written = config_written;
    irq_line_connect(&pci->virtio.interrupt, set_intx, pci, 0);
    return pci_add(config->env->pci, &pci->function, (uint8_t)device_number(type, config, "devfn"),
                   1, error);
}

void virtio_pci_reset(struct virtio_pci *pci)
{
    uint8_t *config = pci->function.config;
    virtio_reset(&pci->virtio);
    pci->device_select = pci->driver_select = pci->queue_select = 0;
    if (pci->has_modern) {
        config[WINDOW_BAR] = 0;
        memset(&config[WINDOW_OFFSET], 0, 12);
    }
    pci->virtio.is_master = false;
    pci_function_reset(&pci->function);
}

void virtio_pci_fini(struct virtio_pci *pci)
{
    pci_remove(&pci->function);
}

void virtio_pci_loaded(struct virtio_pci *pci)
{
    pci->virtio.interrupt.level = pci->virtio.isr != 0;
    pci->virtio.is_master = (pci->function.config[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0;
    pci_loaded(&pci->function);
}
