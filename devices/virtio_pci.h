/* Virtio over PCI: what a device's file puts into its tables. */
#ifndef VITRINE_DEVICES_VIRTIO_PCI_H
#define VITRINE_DEVICES_VIRTIO_PCI_H

#include "bus/pci.h"
#include "devices/virtio.h"

/* Legacy: ports of BAR 0 (4.1.4.8). Modern: memory of BAR 4, where the capabilities point (4.1.4). */
#define VIRTIO_LEGACY_CONFIG 0x14u /* the device's own registers, without MSI-X */
#define VIRTIO_MODERN_ISR    0x1000u
#define VIRTIO_MODERN_CONFIG 0x2000u
#define VIRTIO_MODERN_NOTIFY 0x3000u
#define VIRTIO_NOTIFY_STEP   4u
#define VIRTIO_MODERN_BYTES  0x4000u

struct virtio_pci {
    struct virtio virtio; /* first */
    struct pci_function function;
    uint32_t device_select, driver_select; /* which half of the features is shown */
    uint16_t queue_select;
    /* Not saved: */
    const struct reg_bank *modern;
    bool has_legacy, has_modern;
};
extern const struct state_field VIRTIO_PCI_STATE[];

/* What a device is on PCI. */
struct virtio_pci_identity {
    uint32_t class_code;
    const struct reg_bank *legacy, *modern;
    uint32_t legacy_bytes; /* of the ports, a power of two */
};
#define VIRTIO_PCI_OPTIONS(place)                                                                  \
    {"devfn", place, "place on the PCI bus: slot * 8 + function", 0, 255},                         \
    {                                                                                              \
        "transport", "transitional", "transitional, legacy or modern: which drivers find it", 0, 0 \
    }

/* After virtio_init. */
enum status virtio_pci_init(struct virtio_pci *pci, const struct device_config *config,
                            const struct virtio_pci_identity *identity, struct error *error);
void virtio_pci_reset(struct virtio_pci *pci);
void virtio_pci_fini(struct virtio_pci *pci);
void virtio_pci_loaded(struct virtio_pci *pci);
void virtio_pci_describe(const struct device *device, const struct access *access, char *text,
                         size_t size);
/* The offset of one of the device's own registers, in whichever bank its row is. */
static inline unsigned virtio_config_offset(const struct reg *row)
{
    return row->offset -
           (row->offset >= VIRTIO_MODERN_CONFIG ? VIRTIO_MODERN_CONFIG : VIRTIO_LEGACY_CONFIG);
}

/* For the rows. */
uint32_t virtio_legacy_peek(const void *self, const struct reg *row);
void virtio_legacy_write(void *self, const struct reg *row, uint32_t value);
uint32_t virtio_common_peek(const void *self, const struct reg *row);
void virtio_common_write(void *self, const struct reg *row, uint32_t value);
uint32_t virtio_isr_peek(const void *self, const struct reg *row);
uint32_t virtio_isr_read(void *self, const struct reg *row);
void virtio_notify_write(void *self, const struct reg *row, uint32_t value);
extern const struct reg_field VIRTIO_ISR_FIELDS[];
extern const struct reg_bank VIRTIO_PCI_CONFIG_BANK;

/* offered: the low half of the features; largest: the size of queue 0. */
#define VIRTIO_LEGACY_ROWS(offered, largest)                                                       \
    {.name = "DEVICE FEATURES",                                                                    \
     .meaning = "what the device offers",                                                          \
     .offset = 0,                                                                                  \
     .width = 4,                                                                                   \
     .access = REG_READ,                                                                           \
     .reset = (offered),                                                                           \
     .peek = virtio_legacy_peek,                                                                   \
     .section = "4.1.4.8"},                                                                        \
        {.name = "DRIVER FEATURES",                                                                \
         .meaning = "what the driver accepts",                                                     \
         .offset = 4,                                                                              \
         .width = 4,                                                                               \
         .access = REG_RW,                                                                         \
         .writable = 0xFFFFFFFF,                                                                   \
         .peek = virtio_legacy_peek,                                                               \
         .write = virtio_legacy_write,                                                             \
         .section = "4.1.4.8"},                                                                    \
        {.name = "QUEUE ADDRESS",                                                                  \
         .meaning = "page of the selected queue; 0: none",                                         \
         .offset = 8,                                                                              \
         .width = 4,                                                                               \
         .access = REG_RW,                                                                         \
         .writable = 0xFFFFFFFF,                                                                   \
         .peek = virtio_legacy_peek,                                                               \
         .write = virtio_legacy_write,                                                             \
         .section = "4.1.5.1.3.1"},                                                                \
        {.name = "QUEUE SIZE",                                                                     \
         .meaning = "descriptors of the selected queue; 0: not there",                             \
         .offset = 0x0C,                                                                           \
         .width = 2,                                                                               \
         .access = REG_READ,                                                                       \
         .reset = (largest),                                                                       \
         .peek = virtio_legacy_peek,                                                               \
         .section = "4.1.4.8"},                                                                    \
        {.name = "QUEUE SELECT",                                                                   \
         .meaning = "which queue the two before are of",                                           \
         .offset = 0x0E,                                                                           \
         .width = 2,                                                                               \
         .access = REG_RW,                                                                         \
         .writable = 0xFFFF,                                                                       \
         .peek = virtio_legacy_peek,                                                               \
         .write = virtio_legacy_write,                                                             \
         .section = "4.1.4.8"},                                                                    \
        {.name = "QUEUE NOTIFY",                                                                   \
         .meaning = "this queue has chains",                                                       \
         .offset = 0x10,                                                                           \
         .width = 2,                                                                               \
         .access = REG_WRITE,                                                                      \
         .write = virtio_notify_write,                                                             \
         .section = "4.1.4.8"},                                                                    \
        {.name = "DEVICE STATUS",                                                                  \
         .meaning = "how far the driver is; 0 resets",                                             \
         .offset = 0x12,                                                                           \
         .width = 1,                                                                               \
         .access = REG_RW,                                                                         \
         .writable = 0xBF,                                                                         \
         .peek = virtio_legacy_peek,                                                               \
         .write = virtio_legacy_write,                                                             \
         .section = "2.1"},                                                                        \
    {                                                                                              \
        .name = "ISR STATUS", .meaning = "why INTA# is active; a read clears both",                \
        .offset = 0x13, .width = 1, .access = REG_READ | REG_CLEARS_ON_READ,                       \
        .peek = virtio_isr_peek, .read = virtio_isr_read, .fields = VIRTIO_ISR_FIELDS,             \
        .section = "4.1.4.5"                                                                       \
    }

#define VIRTIO_COMMON_ROW(title, words, at, bytes, how, initial, mask, where)                      \
    {                                                                                              \
        .name = title, .meaning = words, .offset = (at), .width = (bytes), .access = (how),        \
        .reset = (initial), .writable = (mask), .peek = virtio_common_peek,                        \
        .write = virtio_common_write, .section = where                                             \
    }
#define VIRTIO_MODERN_ROWS(offered, count, largest)                                                \
    VIRTIO_COMMON_ROW("device_feature_select", "which half device_feature shows", 0x00, 4, REG_RW, \
                      0, 0xFFFFFFFF, "4.1.4.3"),                                                   \
        VIRTIO_COMMON_ROW("device_feature", "what the device offers", 0x04, 4, REG_READ,           \
                          (offered), 0, "4.1.4.3"),                                                \
        VIRTIO_COMMON_ROW("driver_feature_select", "which half driver_feature shows", 0x08, 4,     \
                          REG_RW, 0, 0xFFFFFFFF, "4.1.4.3"),                                       \
        VIRTIO_COMMON_ROW("driver_feature", "what the driver accepts", 0x0C, 4, REG_RW, 0,         \
                          0xFFFFFFFF, "4.1.4.3"),                                                  \
        VIRTIO_COMMON_ROW("config_msix_vector", "no MSI-X: FFFFh", 0x10, 2, REG_RW, 0xFFFF, 0,     \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("num_queues", "queues of the device", 0x12, 2, REG_READ, (count), 0,     \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("device_status", "how far the driver is; 0 resets", 0x14, 1, REG_RW, 0,  \
                          0xB7, "2.1"),                                                            \
        VIRTIO_COMMON_ROW("config_generation",                                                     \
                          "never changes: the device changes nothing by itself", 0x15, 1,          \
                          REG_READ, 0, 0, "4.1.4.3"),                                              \
        VIRTIO_COMMON_ROW("queue_select", "which queue those below are of", 0x16, 2, REG_RW, 0,    \
                          0xFFFF, "4.1.4.3"),                                                      \
        VIRTIO_COMMON_ROW("queue_size", "descriptors, a power of two; 0: not there", 0x18, 2,      \
                          REG_RW, (largest), 0, "4.1.4.3"),                                        \
        VIRTIO_COMMON_ROW("queue_msix_vector", "no MSI-X: FFFFh", 0x1A, 2, REG_RW, 0xFFFF, 0,      \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("queue_enable", "1: the addresses hold", 0x1C, 2, REG_RW, 0, 0,          \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("queue_notify_off", "times 4: where its notifications go", 0x1E, 2,      \
                          REG_READ, 0, 0, "4.1.4.4"),                                              \
        VIRTIO_COMMON_ROW("queue_desc", "descriptors, low half", 0x20, 4, REG_RW, 0, 0xFFFFFFFF,   \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("queue_desc_high", "high half", 0x24, 4, REG_RW, 0, 0xFFFFFFFF,          \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("queue_driver", "available ring, low half", 0x28, 4, REG_RW, 0,          \
                          0xFFFFFFFF, "4.1.4.3"),                                                  \
        VIRTIO_COMMON_ROW("queue_driver_high", "high half", 0x2C, 4, REG_RW, 0, 0xFFFFFFFF,        \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("queue_device", "used ring, low half", 0x30, 4, REG_RW, 0, 0xFFFFFFFF,   \
                          "4.1.4.3"),                                                              \
        VIRTIO_COMMON_ROW("queue_device_high", "high half", 0x34, 4, REG_RW, 0, 0xFFFFFFFF,        \
                          "4.1.4.3"),                                                              \
    {                                                                                              \
        .name = "ISR status", .meaning = "why INTA# is active; a read clears both",                \
        .offset = VIRTIO_MODERN_ISR, .width = 1, .access = REG_READ | REG_CLEARS_ON_READ,          \
        .peek = virtio_isr_peek, .read = virtio_isr_read, .fields = VIRTIO_ISR_FIELDS,             \
        .section = "4.1.4.5"                                                                       \
    }
#define VIRTIO_NOTIFY_ROW(queue)                                                                   \
    {                                                                                              \
        .name = "notify " #queue, .meaning = "queue " #queue " has chains",                        \
        .offset = VIRTIO_MODERN_NOTIFY + VIRTIO_NOTIFY_STEP * (queue), .width = 2,                 \
        .access = REG_WRITE, .write = virtio_notify_write, .section = "4.1.4.4"                    \
    }

#endif
