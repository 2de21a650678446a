/* What business programs do: records copied, strings compared, calls through pointers, small switches. */
#include "bench.h"

enum account_kind { SAVINGS, CURRENT, LOAN, KINDS };
struct account {
    struct account *next;
    char name[28];
    enum account_kind kind;
    int32_t balance, turns;
};

#define ACCOUNTS 32u
static struct account accounts[ACCOUNTS];
static uint32_t booked[KINDS];

static int __attribute__((noinline)) compare_names(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (uint8_t)*a - (uint8_t)*b;
}

static void __attribute__((noinline)) copy_name(char *to, const char *from)
{
    while ((*to++ = *from++) != '\0')
        ;
}

static void __attribute__((noinline)) open_account(struct account *account, uint32_t number)
{
    char digits[3] = {(char)('0' + number / 10), (char)('0' + number % 10), '\0'};
    copy_name(account->name, "ACCOUNT OF CUSTOMER NO ");
    copy_name(account->name + 23, digits);
    account->kind = (enum account_kind)(number % KINDS);
    account->balance = 1000 * (int32_t)number;
    account->turns = 0;
    account->next = &accounts[(number + 7) % ACCOUNTS];
}

static int32_t __attribute__((noinline)) book_savings(struct account *account, int32_t amount)
{
    return account->balance += amount > 0 ? amount : 0;
}
static int32_t __attribute__((noinline)) book_current(struct account *account, int32_t amount)
{
    return account->balance += amount;
}
static int32_t __attribute__((noinline)) book_loan(struct account *account, int32_t amount)
{
    return account->balance -= amount / 3 + amount % 3;
}

typedef int32_t booking(struct account *account, int32_t amount);
static booking *volatile const BOOKINGS[KINDS] = {book_savings, book_current, book_loan};

static uint32_t __attribute__((noinline)) fee(const struct account *account)
{
    switch (account->turns & 7) {
    case 0: return 5;
    case 1: return account->balance > 0 ? 2 : 9;
    case 2:
    case 3: return 1;
    case 5: return (uint32_t)account->kind;
    default: return 0;
    }
}

uint32_t k_records(void)
{
    uint32_t state = 362436069u, sum = 0;
    struct account *at = accounts, copy;
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        open_account(&accounts[i], i);
    for (unsigned i = 0; i < KINDS; i++)
        booked[i] = 0;
    for (uint32_t turn = 0; turn < 25000; turn++) {
        int32_t amount = (int32_t)(next_random(&state) & 0x3FF) - 400;
        copy = *at;
        copy.turns++;
        BOOKINGS[copy.kind](&copy, amount);
        if (compare_names(copy.name, at->next->name) > 0)
            copy_name(at->next->name, "ACCOUNT OF CUSTOMER NO 00");
        else
            booked[copy.kind] += fee(&copy);
        sum = sum * 3 + (uint32_t)copy.balance;
        copy.name[24] = (char)('0' + turn % 10);
        *at = copy;
        at = at->next;
    }
    return sum + booked[SAVINGS] * 5 + booked[CURRENT] * 7 + booked[LOAN] * 11;
}
