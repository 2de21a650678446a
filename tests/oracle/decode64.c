/* Lengths of instructions of 64-bit code, as our decoder finds them: reads slots of 16 bytes from standard input, prints
 * for each the length of the instruction that it begins with, 0 where it is invalid. decode64.py makes the slots and
 * compares with objdump. */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/decode.h"

int main(void)
{
    struct opcode_map *map = calloc(1, sizeof *map);
    struct error error = {STATUS_OK, ""};
    const struct decode_mode mode = {cpu_model_find("max", &error), 8, true};
    uint8_t slot[16];
    if (map == NULL || mode.model == NULL)
        return 70;
    opcode_map_init(map);
    while (fread(slot, sizeof slot, 1, stdin) == 1) {
        struct instruction i;
        enum decode_result result = decode(map, &mode, slot, sizeof slot, &i);
        printf("%u\n", result == DECODE_OK ? i.length : 0u);
    }
    free(map);
    return 0;
}
