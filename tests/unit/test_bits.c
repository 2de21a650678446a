/* base/bits: products of 128 bits against the compiler's own, hashes against published values. */
#include <check.h>

#include "base/bits.h"

START_TEST(stores_put_the_low_byte_first)
{
    uint8_t bytes[8];
    store_le64(bytes, UINT64_C(0x8877665544332211));
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(bytes[i], 0x11 * (i + 1));
    ck_assert_uint_eq(load_le16(bytes), 0x2211);
    ck_assert_uint_eq(load_le32(bytes), 0x44332211);
    for (unsigned size = 1; size <= 8; size *= 2)
        ck_assert_uint_eq(load_le(bytes, size), UINT64_C(0x8877665544332211) & mask_bytes(size));
    store_le(bytes, 2, 0xAABBCC);
    ck_assert_uint_eq(bytes[0], 0xCC);
    ck_assert_uint_eq(bytes[1], 0xBB);
    ck_assert_uint_eq(bytes[2], 0x33);
}
END_TEST

START_TEST(network_order_puts_the_high_byte_first)
{
    uint8_t bytes[8];
    store_be64(bytes, UINT64_C(0x1122334455667788));
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(bytes[i], 0x11 * (i + 1));
    ck_assert_uint_eq(load_be16(bytes), 0x1122);
    ck_assert_uint_eq(load_be32(bytes + 1), 0x22334455);
    ck_assert_uint_eq(load_be64(bytes), UINT64_C(0x1122334455667788));
}
END_TEST

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

static uint64_t random64(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

START_TEST(products_agree_with_the_compilers_128_bits)
{
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        uint64_t a = random64(&seed) >> (random64(&seed) & 63);
        uint64_t b = random64(&seed) >> (random64(&seed) & 63);
        uint64_t c = (random64(&seed) >> (random64(&seed) & 63)) | 1;
        wide product = (wide)a * b;
        if (product / c >= UINT64_MAX)
            continue;
        ck_assert_uint_eq(muldiv_floor(a, b, c), (uint64_t)(product / c));
        ck_assert_uint_eq(muldiv_ceil(a, b, c), (uint64_t)((product + c - 1) / c));
    }
}
END_TEST
#endif

/* A year of virtual time at 10 GHz in ticks of the 8254, checked with bc(1). */
START_TEST(products_beyond_64_bits_do_not_wrap)
{
    uint64_t year = UINT64_C(31536000) * UINT64_C(10000000000);
    ck_assert_uint_eq(muldiv_floor(year, 105000000, UINT64_C(88) * 10000000000u),
                      UINT64_C(37628181818181));
    ck_assert_uint_eq(muldiv_ceil(year, 105000000, UINT64_C(88) * 10000000000u),
                      UINT64_C(37628181818182));
    ck_assert_uint_eq(muldiv_floor(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
}
END_TEST

/* draft-eastlake-fnv, appendix C: test vectors of 64-bit FNV-1a. */
START_TEST(hash_gives_the_published_values)
{
    ck_assert_uint_eq(hash_bytes(HASH_START, "", 0), UINT64_C(0xcbf29ce484222325));
    ck_assert_uint_eq(hash_bytes(HASH_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert_uint_eq(hash_bytes(HASH_START, "foobar", 6), UINT64_C(0x85944171f73967e8));
}
END_TEST

Suite *bits_suite(void)
{
    Suite *suite = suite_create("bits");
    TCase *tcase = tcase_create("bits");
    tcase_add_test(tcase, stores_put_the_low_byte_first);
    tcase_add_test(tcase, network_order_puts_the_high_byte_first);
#ifdef __SIZEOF_INT128__
    tcase_add_test(tcase, products_agree_with_the_compilers_128_bits);
#endif
    tcase_add_test(tcase, products_beyond_64_bits_do_not_wrap);
    tcase_add_test(tcase, hash_gives_the_published_values);
    suite_add_tcase(suite, tcase);
    return suite;
}
