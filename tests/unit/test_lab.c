/* LAB.ini: what is wrong gets one message with its line; what is right is read as written. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "hypervisor/lab.h"

#define HOST "[host]\nmemory=64M\ndisk=d.img,geometry=1000/16/63\n"
#define GUEST_A "[guest a]\nmemory=8M\ncylinders=0-99\n"

static const char *PATH = "unit-lab.ini";
static struct lab lab;
static struct error error;

static enum status read_text(const char *text, size_t length)
{
    FILE *file = fopen(PATH, "wb");
    enum status status;
    ck_assert_ptr_nonnull(file);
    fwrite(text, 1, length, file);
    fclose(file);
    memset(&error, 0, sizeof error);
    status = lab_read(&lab, PATH, &error);
    remove(PATH);
    return status;
}

static const struct {
    const char *text, *wanted; /* a part of the message, with its line */
} WRONG[] = {
    {"", "unit-lab.ini"},
    {"[host]\n", "no guest"},
    {"memory=1M\n", ":1: error: 'memory' stands before"},
    {"[hosts]\n", ":1: error: unknown section [hosts]"},
    {"[host\n", ":1: error: the section has no closing bracket"},
    {"[guest]\n", ":1: error: the guest has no name"},
    {HOST "[guest a]\nmemry=8M\n", ":5: error: unknown key 'memry' in [guest a]; fix: did you mean 'memory'?"},
    {HOST "[guest a]\nmemory=8M\nmemory=9M\n", ":6: error: 'memory' is given twice (line 5)"},
    {HOST "[guest a]\nmemory=0\n", ":5: error: memory = 0"},
    {HOST "[guest a]\nmemory=-1M\n", ":5: error: memory = -1M"},
    {HOST "[guest a]\nmemory=99999999G\n", ":5: error"},
    {HOST "[guest a]\nmemory=16Mx\n", ":5: error: memory = 16Mx"},
    {HOST GUEST_A "[guest a]\n", ":7: error: there is a guest 'a' already (line 4)"},
    {HOST GUEST_A "[guest b]\nmemory=8M\ncylinders=99-150\n", "overlap"},
    {HOST "[guest a]\nmemory=8M\ncylinders=900-1000\n", "cylinder 1000 is past the disk's last, 999"},
    {HOST "[guest a]\nmemory=8M\ncylinders=50-10\n", ":6: error: cylinders = 50-10"},
    {HOST "[guest a]\nmemory=80M\n", "add up to 88 MiB, the host has 64"},
    {"[host]\ndisk=d.img,geometry=70000/17/63\n", ":2: error: disk = "},
    {"[host]\ndisk=d.img\n[guest a]\n", "no geometry"},
    {"[host]\n[guest a]\ncylinders=0-1\n", "the host no disk"},
    {HOST "[guest a]\nnic=ne2k-isa,mac=52:54:00:00:00:01\n[guest b]\nnic=ne2k-isa,mac=52:54:00:00:00:01\n",
     "one MAC"},
    {HOST "[guest a]\nnic=ne2k-isa,mac=53:54:00:00:00:01\n", "not a multicast"},
    {"[host]\nnic=ne2k-isa,irq=10\n[guest a]\n", ":2: error: nic = ne2k-isa,irq=10"},
    {"[host]\nnic=ne2k-pci\n[guest a]\n", "the VMM's driver knows"},
    {"[host]\nschedule=credits\n[guest a]\n", ":2: error: schedule = credits; fix: credit"},
    {"[host]\nboost=maybe\n[guest a]\n", ":2: error: boost = maybe; fix: on or off"},
    {"[host]\nshedule=bvt\n[guest a]\n", "did you mean 'schedule'?"},
    {HOST "[guest a]\nweight=0\n", ":5: error: weight = 0"},
    {HOST "[guest a]\ncap=101\n", ":5: error: cap = 101"},
    {HOST "[guest a]\nwieght=1\n", "did you mean 'weight'?"},
    {HOST GUEST_A "[guest b]\nmemory=8M\ncylinders=99-150,shared\n", "overlap"},
    {HOST "[guest a]\ncylinders=0-9,share\n", ":5: error: cylinders = 0-9,share"},
    {"[host]\narbiter=none\n[guest a]\n", ":2: error: arbiter = none; fix: on or off"},
    {"[host]\narbitre=off\n[guest a]\n", "did you mean 'arbiter'?"},
    {"[host]\ndisk_order=lifo\n[guest a]\n", ":2: error: disk_order = lifo; fix: fifo or elevator"},
    {"[host]\ndisk_drivre=split\n[guest a]\n", ":2: error: unknown key 'disk_drivre' in [host]; fix: did you mean 'disk_driver'?"},
    {"[host]\nnic_drvier=split\n[guest a]\n", "did you mean 'nic_driver'?"},
    {"[host]\nhostde=none\n[guest a]\n", "did you mean 'hosted'?"},
    {"[host]\nbackend_dealy_us=1\n[guest a]\n", "did you mean 'backend_delay_us'?"},
    {"[host]\nbackend_bacth=1\n[guest a]\n", "did you mean 'backend_batch'?"},
    {"[host]\ndisk_driver=xen\n[guest a]\n", ":2: error: disk_driver = xen; fix: native"},
    {"[host]\nnic_driver=\n[guest a]\n", ":2: error: nic_driver"},
    {"[host]\nhosted=ports,send\n[guest a]\n", ":2: error: hosted = ports,send; fix: none"},
    {"[host]\nhosted=ports,\n[guest a]\n", ":2: error: hosted = ports,"},
    {"[host]\nbackend_delay_us=1000001\n[guest a]\n", ":2: error: backend_delay_us = 1000001"},
    {"[host]\nbackend_batch=257\n[guest a]\n", ":2: error: backend_batch = 257"},
    {HOST "[guest a]\nsyscals=3=disk\n", ":5: error: unknown key 'syscals' in [guest a]; fix: did you mean 'syscalls'?"},
    {HOST "[guest a]\nsyscalls=3=dsik\n", ":5: error: syscalls = 3=dsik; fix: 3=disk"},
    {HOST "[guest a]\nsyscalls=16=disk\n", ":5: error: syscalls = 16=disk"},
    {HOST "[guest a]\nvaln=2\n", "did you mean 'vlan'?"},
    {HOST "[guest a]\nvlan=0\n", ":5: error: vlan = 0"},
    {HOST "[guest a]\nvlan=4095\n", ":5: error: vlan = 4095"},
    {HOST "[guest a]\ndisk_share=0\n", ":5: error: disk_share = 0"},
    {HOST GUEST_A "[actions]\n2=pause a\n", ":8: error: '2' is no time"},
    {HOST GUEST_A "[actions]\n2s=puase a\n", ":8: error: unknown action 'puase'; fix: did you mean 'pause'?"},
    {HOST GUEST_A "[actions]\n2s=pause b\n", ":8: error: there is no guest 'b'"},
    {HOST GUEST_A "[actions]\n2s=pause\n", ":8: error: 2s = pause"},
    {HOST GUEST_A "[actions]\n2s=kill a dsik\n", "an action and a guest, or the back-end of its disk or nic"},
    {HOST GUEST_A "[actions]\n2s=reset a disk\n", ":8: error: 2s = reset a disk"},
    {HOST GUEST_A "nic=none\n[actions]\n2s=kill a nic\n", ":9: error: guest a has no nic; fix: leave 'nic' out"},
    {HOST "[guest a]\ntime=fast\n", ":5: error: time = fast"},
    {HOST "[guest a]\nkey without value\n", ":5: error: 'key without value' is not key = value"},
    {HOST "[costs]\ntrap=fast\n", ":5: error: trap = fast"},
    {HOST "[costs]\ntrips=1\n", ":5: error: unknown cost 'trips'"},
    {HOST "[guest a]\nappend=\xff\n", ":5: error: not UTF-8"},
};

START_TEST(each_mistake_gets_one_message_with_its_line)
{
    ck_assert_int_eq(read_text(WRONG[_i].text, strlen(WRONG[_i].text)),
                     WRONG[_i].text[0] ? STATUS_USAGE : STATUS_FILE);
    ck_assert_msg(strstr(error.text, WRONG[_i].wanted) != NULL, "'%s' lacks '%s'", error.text,
                  WRONG[_i].wanted);
    ck_assert_ptr_null(strchr(error.text, '\n'));
    lab_free(&lab);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    static const char TEXT[] = "[host]\nmem\0ory=1\n";
    ck_assert_int_eq(read_text(TEXT, sizeof TEXT - 1), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, ":2: error: a NUL byte"));
    lab_free(&lab);
}
END_TEST

START_TEST(mark_crlf_and_comments_are_accepted)
{
    static const char TEXT[] = "\xEF\xBB\xBF[host]\r\n# a comment\r\nmemory = 64M\r\ndisk = "
                               "d.img,geometry=1000/16/63\r\n[guest a]\r\nmemory=8M\r\n"
                               "cylinders=100-199\r\nnic=ne2k-pci,mac=52:54:00:00:00:0a\r\n"
                               "append=a=b c=d\r\n[costs]\r\ntrap=5\r\n";
    ck_assert_int_eq(read_text(TEXT, sizeof TEXT - 1), STATUS_OK);
    ck_assert_uint_eq(lab.guest_count, 1);
    ck_assert_uint_eq(lab.memory_bytes, 64 << 20);
    ck_assert_uint_eq(lab.geometry.total, 1008000);
    ck_assert_uint_eq(lab.guests[0].first_cylinder, 100);
    ck_assert_uint_eq(lab.guests[0].last_cylinder, 199);
    ck_assert_uint_eq(lab.guests[0].nic.mac[5], 0x0a);
    ck_assert_str_eq(lab.guests[0].nic.model, "ne2k-pci");
    ck_assert_str_eq(lab.guests[0].append, "a=b c=d");
    ck_assert_uint_eq(lab.costs.ns[COST_TRAP], 5);
    lab_free(&lab);
}
END_TEST

START_TEST(shared_cylinders_may_be_several_guests)
{
    static const char TEXT[] = HOST "[guest a]\nmemory=8M\ncylinders=0-99,shared\n[guest b]\nmemory=8M\n"
                               "cylinders=50-149,shared\n";
    ck_assert_int_eq(read_text(TEXT, sizeof TEXT - 1), STATUS_OK);
    ck_assert(lab.guests[0].is_disk_shared && lab.guests[1].is_disk_shared && !lab.is_arbiter_off);
    lab_free(&lab);
}
END_TEST

START_TEST(words_about_the_image_are_kept_for_its_opening)
{
    static const char TEXT[] = "[host]\nmemory=64M\ndisk=d.qcow2,overlay,geometry=1000/16/63,"
                               "mechanics=realistic,format=qcow2,backing=any\n[guest a]\nmemory=8M\n";
    ck_assert_int_eq(read_text(TEXT, sizeof TEXT - 1), STATUS_OK);
    ck_assert_str_eq(lab.disk_words, ",overlay,format=qcow2,backing=any");
    ck_assert_uint_eq(lab.geometry.total, 1008000);
    ck_assert(lab.has_mechanics);
    lab_free(&lab);
}
END_TEST

Suite *lab_suite(void);
Suite *lab_suite(void)
{
    Suite *suite = suite_create("lab");
    TCase *tcase = tcase_create("settings");
    tcase_add_loop_test(tcase, each_mistake_gets_one_message_with_its_line, 0,
                        (int)(sizeof WRONG / sizeof WRONG[0]));
    tcase_add_test(tcase, a_nul_byte_is_refused);
    tcase_add_test(tcase, shared_cylinders_may_be_several_guests);
    tcase_add_test(tcase, words_about_the_image_are_kept_for_its_opening);
    tcase_add_test(tcase, mark_crlf_and_comments_are_accepted);
    suite_add_tcase(suite, tcase);
    return suite;
}
