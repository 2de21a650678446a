/* Booting kernels. Linux: Documentation/arch/x86/boot.rst (protocol 2.02 to 2.15), the 16-bit entry.
 * Multiboot 0.6.96, section 3. MISSING: protocols below 2.02, multiboot modules other than the
 * initrd, framebuffer requests (the kernel gets text mode). */
#include "machine/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "backends/file.h"
#include "machine/boot_internal.h"

#define KERNEL_BYTES_MAX ((size_t)256 << 20)
#define VECTOR_BOOTSTRAP 0x19
#define GZIP_MAGIC 0x8B1F /* RFC 1952, 2.3.1 */

enum status boot_new(struct boot **boot, const char *kernel, const char *initrd, const char *append,
                     struct error *error)
{
    struct boot *made = calloc(1, sizeof *made);
    enum status status;
    *boot = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", kernel);
    made->path = kernel;
    made->append = append ? append : "";
    status = file_read(kernel, KERNEL_BYTES_MAX, &made->kernel, &made->kernel_bytes, error);
    if (status == STATUS_OK && initrd)
        status = file_read(initrd, KERNEL_BYTES_MAX, &made->initrd, &made->initrd_bytes, error);
    if (status == STATUS_OK) {
        if (boot_linux_recognises(made))
            status = boot_linux_check(made, error);
        else if (boot_multiboot_recognises(made))
            status = boot_multiboot_check(made, error);
        else if (made->kernel_bytes > 2 && load_le16(made->kernel) == GZIP_MAGIC)
            status = error_set(error, STATUS_FILE, "%s: compressed by gzip; fix: gzip -d, and name what comes out",
                               kernel);
        else
            status = error_set(error, STATUS_FILE, "%s: neither a bzImage (no 'HdrS' at 202h) nor a "
                               "multiboot ELF (no 1BADB002h in its first 8 KiB); fix: name a kernel",
                               kernel);
    }
    if (status != STATUS_OK) {
        boot_free(made);
        return status;
    }
    *boot = made;
    return STATUS_OK;
}

void boot_free(struct boot *boot)
{
    if (!boot)
        return;
    free(boot->kernel);
    free(boot->initrd);
    free(boot->setup);
    free(boot);
}

enum status boot_describe(struct boot *boot, uint64_t memory_bytes, struct machine_kernel *kernel,
                          struct error *error)
{
    return boot->is_linux ? boot_linux_describe(boot, memory_bytes, kernel, error) : STATUS_OK;
}

uint64_t boot_entry(const struct boot *boot)
{
    return boot->entry;
}

/* The firmware calls INT 19h when its work is done (IBM PC/AT technical reference, BIOS listing). */
static bool at_bootstrap(void *self, struct cpu *cpu, const struct cpu_exit *exit)
{
    struct boot *boot = self;
    if (exit->kind != CPU_EXIT_INT_N || exit->vector != VECTOR_BOOTSTRAP)
        return false;
    cpu_set_exit_hook(cpu, &boot->machine->exit_hook);
    if (boot->is_linux)
        boot_linux_enter(boot, cpu);
    else
        boot_multiboot_enter(boot, cpu);
    return true;
}

/* Waits for the bootstrap interrupt, after power-on and after each reset. */
static void wait_for_bootstrap(void *self)
{
    struct boot *boot = self;
    struct cpu_exit_hook hook = {CPU_EXIT_INT_N, at_bootstrap, boot};
    cpu_set_exit_hook(boot->machine->cpu, &hook);
}

enum status boot_attach(struct boot *boot, struct machine *machine, struct error *error)
{
    uint64_t top = machine->config.memory_bytes;
    uint64_t needed = boot->load_end + boot->initrd_bytes + BOOT_RESERVED_BYTES;
    if (needed > top)
        return error_set(error, STATUS_USAGE, "%s: kernel and initrd need %llu KiB of RAM, the machine "
                         "has %llu; fix: --memory %lluM", boot->path,
                         (unsigned long long)(needed >> 10), (unsigned long long)(top >> 10),
                         (unsigned long long)(needed >> 20) + 32);
    boot->machine = machine;
    machine->kernel_entry = boot->entry;
    machine->after_reset = wait_for_bootstrap;
    machine->after_reset_self = boot;
    wait_for_bootstrap(boot);
    return STATUS_OK;
}
