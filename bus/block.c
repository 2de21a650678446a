#include "bus/block.h"

#include <stdio.h>

bool block_geometry_parse(const char *text, struct block_geometry *geometry)
{
    unsigned cylinders, heads, sectors;
    int used = 0;
    if (sscanf(text, "%5u/%2u/%2u%n", &cylinders, &heads, &sectors, &used) != 3 ||
        text[used] != '\0' || cylinders < 1 || cylinders > 65535 || heads < 1 || heads > 16 ||
        sectors < 1 || sectors > 63)
        return false;
    geometry->cylinders = cylinders;
    geometry->heads = (uint16_t)heads;
    geometry->sectors = (uint16_t)sectors;
    geometry->total = (uint64_t)cylinders * heads * sectors;
    return true;
}
