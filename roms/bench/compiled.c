/* Kernels of compiled integer code: sieve, sort, CRC, recursion, and a mix of small jobs. */
#include "bench.h"

#define SIEVE_BYTES (1u << 19)
uint32_t k_sieve(void)
{
    uint8_t *is_composite = HEAP;
    uint32_t primes = 0;
    for (uint32_t i = 0; i < SIEVE_BYTES; i++)
        is_composite[i] = 0;
    for (uint32_t i = 2; i < SIEVE_BYTES; i++) {
        if (is_composite[i])
            continue;
        primes++;
        for (uint32_t k = 2 * i; k < SIEVE_BYTES; k += i)
            is_composite[k] = 1;
    }
    return primes;
}

/* --- quicksort, the smaller part by recursion ------------------------------------------------------- */

static void sort(int32_t *first, int32_t *last)
{
    while (first < last) {
        int32_t pivot = first[(last - first) / 2], *low = first, *high = last;
        do {
            while (*low < pivot)
                low++;
            while (pivot < *high)
                high--;
            if (low <= high) {
                int32_t kept = *low;
                *low++ = *high;
                *high-- = kept;
            }
        } while (low <= high);
        if (high - first < last - low) {
            sort(first, high);
            first = low;
        } else {
            sort(low, last);
            last = high;
        }
    }
}

#define SORTED 50000u
uint32_t k_qsort(void)
{
    int32_t *a = (int32_t *)(void *)HEAP;
    uint32_t state = 2463534242u, sum = 0;
    for (uint32_t i = 0; i < SORTED; i++)
        a[i] = (int32_t)next_random(&state);
    sort(a, a + SORTED - 1);
    for (uint32_t i = 0; i < SORTED; i++)
        sum = sum * 17 + (uint32_t)a[i];
    return sum;
}

/* --- CRC-32 of ISO 3309 by a table of 256 ------------------------------------------------------------ */

#define CRC_BYTES 65536u
static uint32_t crc_table[256];
static void make_crc_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        crc_table[byte] = crc;
    }
}

uint32_t k_crc32(void)
{
    uint32_t crc = 0xFFFFFFFFu, state = 88172645u;
    if (!crc_table[1]) {
        make_crc_table();
        for (uint32_t i = 0; i < CRC_BYTES; i++)
            HEAP[i] = (uint8_t)next_random(&state);
    }
    for (unsigned turn = 0; turn < 16; turn++)
        for (const uint8_t *at = HEAP; at < HEAP + CRC_BYTES; at++)
            crc = crc >> 8 ^ crc_table[(crc ^ *at) & 0xFF];
    return ~crc;
}

/* --- Takeuchi's function: calls and little else -------------------------------------------------------- */

static int __attribute__((noinline, noclone)) tak(int x, int y, int z)
{
    return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

uint32_t k_recursion(void)
{
    return (uint32_t)tak(16, 10, 4);
}

/* --- a mix: a list merged and searched, matrices of shorts, words counted by a state machine, a CRC ----- */

struct item {
    struct item *next;
    uint16_t key, value;
};

static uint32_t crc16_add(uint32_t crc, uint32_t word)
{
    for (unsigned bit = 0; bit < 16; bit++) {
        uint32_t is_set = (crc ^ word) & 1;
        crc >>= 1;
        word >>= 1;
        if (is_set)
            crc ^= 0x8408;
    }
    return crc;
}

static int by_key(const struct item *a, const struct item *b)
{
    return (int)a->key - (int)b->key;
}
static int by_value(const struct item *a, const struct item *b)
{
    return (int)a->value - (int)b->value;
}

typedef int item_order(const struct item *a, const struct item *b);
static item_order *volatile const ORDERS[2] = {by_key, by_value};

static struct item *merge(struct item *a, struct item *b, item_order *order)
{
    struct item head = {0}, *last = &head;
    while (a && b) {
        struct item **from = order(a, b) <= 0 ? &a : &b;
        last->next = *from;
        last = *from;
        *from = (*from)->next;
    }
    last->next = a ? a : b;
    return head.next;
}

static struct item *sort_list(struct item *list, item_order *order)
{
    struct item *slow = list, *fast = list ? list->next : NULL, *half;
    if (!fast)
        return list;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    half = slow->next;
    slow->next = NULL;
    return merge(sort_list(list, order), sort_list(half, order), order);
}

#define ITEMS 120u
static uint32_t list_job(uint32_t crc, uint32_t seed)
{
    struct item *items = (struct item *)(void *)HEAP, *list = NULL;
    for (uint32_t i = 0; i < ITEMS; i++) {
        items[i].key = (uint16_t)(next_random(&seed) >> 22);
        items[i].value = (uint16_t)next_random(&seed);
        items[i].next = list;
        list = &items[i];
    }
    for (unsigned k = 0; k < 2; k++) {
        list = sort_list(list, ORDERS[k]);
        crc = crc16_add(crc, k ? list->key : list->value);
    }
    for (uint32_t wanted = 0; wanted < 40; wanted++) {
        const struct item *at = list;
        while (at && at->key != wanted * 23)
            at = at->next;
        crc = crc16_add(crc, at ? at->value : wanted);
    }
    return crc;
}

#define SIDE 18u
static uint32_t matrix_job(uint32_t crc, uint32_t seed)
{
    int16_t *a = (int16_t *)(void *)(HEAP + 0x10000), *b = a + SIDE * SIDE;
    for (uint32_t i = 0; i < 2 * SIDE * SIDE; i++)
        a[i] = (int16_t)(next_random(&seed) & 0x1FF);
    for (uint32_t row = 0; row < SIDE; row++)
        for (uint32_t column = 0; column < SIDE; column++) {
            int32_t sum = 0;
            for (uint32_t k = 0; k < SIDE; k++)
                sum += a[row * SIDE + k] * b[k * SIDE + column];
            crc = crc16_add(crc, (uint32_t)sum >> 2 & 0xFFFF);
        }
    return crc;
}

enum word_state { BETWEEN, IN_WORD, IN_NUMBER, AFTER_POINT, STATES };
static uint32_t word_job(uint32_t crc)
{
    static const char TEXT[] = "In 1981 a PC had 16 KB, 4.77 MHz and 2 drives; by 1995: 8 MB, 90 MHz, "
                               "0.85 GB. Its I/O ports stayed where they were: 0x3F8, 0x1F0, 0x60.";
    uint32_t counts[STATES] = {0};
    enum word_state state = BETWEEN;
    for (unsigned turn = 0; turn < 12; turn++)
        for (const char *at = TEXT; *at; at++) {
            char c = *at;
            unsigned is_digit = c >= '0' && c <= '9';
            unsigned is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            switch (state) {
            case BETWEEN: state = is_digit ? IN_NUMBER : is_letter ? IN_WORD : BETWEEN; break;
            case IN_WORD: state = is_letter || is_digit ? IN_WORD : BETWEEN; break;
            case IN_NUMBER:
                if (!is_digit)
                    state = c == '.' ? AFTER_POINT : is_letter ? IN_WORD : BETWEEN;
                break;
            case AFTER_POINT: state = is_digit ? AFTER_POINT : BETWEEN; break;
            case STATES: break;
            }
            counts[state]++;
        }
    for (unsigned i = 0; i < STATES; i++)
        crc = crc16_add(crc, counts[i]);
    return crc;
}

uint32_t k_mix(void)
{
    uint32_t crc = 0xFFFF;
    for (uint32_t turn = 1; turn <= 20; turn++) {
        crc = list_job(crc, turn);
        crc = matrix_job(crc, turn);
        crc = word_job(crc);
    }
    return crc;
}
