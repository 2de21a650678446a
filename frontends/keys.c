#include "frontends/keys.h"

#include "base/bits.h"

uint8_t keys_from_scancode(unsigned scancode)
{
    return scancode >= KEY_A && scancode <= KEY_RIGHT_GUI ? (uint8_t)scancode : KEY_NONE;
}

/* --- characters -------------------------------------------------------------------------------- */

/* Keys of a US keyboard beside letters and digits: without and with Shift. */
static const struct {
    char plain, shifted;
    uint8_t usage;
} SIGNS[] = {{'-', '_', 0x2D}, {'=', '+', 0x2E}, {'[', '{', 0x2F},  {']', '}', 0x30},
             {'\\', '|', 0x31}, {';', ':', 0x33}, {'\'', '"', 0x34}, {'`', '~', 0x35},
             {',', '<', 0x36}, {'.', '>', 0x37}, {'/', '?', 0x38},  {' ', ' ', 0x2C}};

static struct key_stroke stroke(unsigned usage)
{
    struct key_stroke key = {(uint8_t)usage, false, false, false};
    return key;
}

static struct key_stroke sign(uint8_t character)
{
    static const char DIGITS_SHIFTED[] = "!@#$%^&*()"; /* 1 to 9, 0 */
    struct key_stroke key = stroke(KEY_NONE);
    for (size_t i = 0; i < ARRAY_COUNT(SIGNS); i++)
        if (character == (uint8_t)SIGNS[i].plain || character == (uint8_t)SIGNS[i].shifted) {
            key.usage = SIGNS[i].usage;
            key.has_shift = character != (uint8_t)SIGNS[i].plain;
            return key;
        }
    for (unsigned i = 0; i < 10; i++)
        if (character == (uint8_t)DIGITS_SHIFTED[i]) {
            key.usage = (uint8_t)(KEY_1 + i);
            key.has_shift = true;
        }
    return key;
}

struct key_stroke keys_from_ascii(uint8_t character)
{
    struct key_stroke key;
    if (character >= 'a' && character <= 'z')
        return stroke(KEY_A + character - 'a');
    if (character >= 'A' && character <= 'Z') {
        key = stroke(KEY_A + character - 'A');
        key.has_shift = true;
        return key;
    }
    if (character >= '1' && character <= '9')
        return stroke(KEY_1 + character - '1');
    switch (character) {
    case '0': return stroke(KEY_0);
    case '\r':
    case '\n': return stroke(KEY_ENTER);
    case '\t': return stroke(KEY_TAB);
    case 0x08:
    case 0x7F: return stroke(KEY_BACKSPACE);
    case 0x1B: return stroke(KEY_ESCAPE);
    default: break;
    }
    if (character >= 0x20)
        return sign(character);
    /* Ctrl with the key of column 4 of the ASCII table: 01 is Ctrl-A, 1C is Ctrl-\, 00 Ctrl-Space. */
    key = character == 0 ? stroke(KEY_SPACE) : keys_from_ascii((uint8_t)(character | 0x40));
    if (character >= 1 && character <= 26)
        key = stroke(KEY_A + character - 1);
    key.has_ctrl = true;
    return key;
}

/* --- sequences ----------------------------------------------------------------------------------- */

/* CSI or SS3, then this letter. */
static uint8_t key_of_letter(uint8_t letter)
{
    switch (letter) {
    case 'A': return KEY_UP;
    case 'B': return KEY_DOWN;
    case 'C': return KEY_RIGHT;
    case 'D': return KEY_LEFT;
    case 'H': return KEY_HOME;
    case 'F': return KEY_END;
    case 'P':
    case 'Q':
    case 'R':
    case 'S': return (uint8_t)(KEY_F1 + letter - 'P');
    case 'Z': return KEY_TAB; /* with Shift */
    default: return KEY_NONE;
    }
}

/* CSI number ~ */
static uint8_t key_of_number(unsigned number)
{
    static const uint8_t LOW[9] = {KEY_NONE, KEY_HOME, KEY_INSERT, KEY_DELETE, KEY_END,
                                   KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END};
    /* 11-15: F1-F5, 17-21: F6-F10, 23-24: F11-F12 */
    if (number < ARRAY_COUNT(LOW))
        return LOW[number];
    if (number >= 11 && number <= 15)
        return (uint8_t)(KEY_F1 + number - 11);
    if (number >= 17 && number <= 21)
        return (uint8_t)(KEY_F1 + 5 + number - 17);
    if (number == 23 || number == 24)
        return (uint8_t)(KEY_F11 + number - 23);
    return KEY_NONE;
}

/* CSI parameters final: "1;5C" is Ctrl-Right, "15~" F5; the Linux console's F1 is "[A". */
static struct key_stroke control_sequence(const uint8_t *bytes, size_t count, size_t *used)
{
    unsigned parameters[2] = {0, 0}, which = 0, modifiers;
    struct key_stroke key = stroke(KEY_NONE);
    size_t i = 0;
    *used = 0;
    if (count > 0 && bytes[0] == '[') {
        if (count < 2)
            return key;
        *used = 2;
        return bytes[1] >= 'A' && bytes[1] <= 'E' ? stroke(KEY_F1 + bytes[1] - 'A') : key;
    }
    for (; i < count && (bytes[i] < 0x40 || bytes[i] > 0x7E); i++) {
        if (bytes[i] == ';' && which == 0)
            which = 1;
        else if (bytes[i] >= '0' && bytes[i] <= '9' && parameters[which] < 1000)
            parameters[which] = parameters[which] * 10 + bytes[i] - '0';
        if (i > 16) { /* not a sequence that ends */
            *used = i;
            return key;
        }
    }
    if (i == count)
        return key;
    *used = i + 1;
    key.usage = bytes[i] == '~' ? key_of_number(parameters[0]) : key_of_letter(bytes[i]);
    modifiers = parameters[1] ? parameters[1] - 1 : 0;
    key.has_shift = (modifiers & 1) != 0 || bytes[i] == 'Z';
    key.has_alt = (modifiers & 2) != 0;
    key.has_ctrl = (modifiers & 4) != 0;
    return key;
}

struct key_stroke keys_from_terminal(const uint8_t *bytes, size_t count, size_t *used)
{
    struct key_stroke key = stroke(KEY_NONE);
    *used = 0;
    if (count == 0)
        return key;
    if (bytes[0] >= 0x80) { /* UTF-8 beyond ASCII has no key */
        *used = 1;
        return key;
    }
    if (bytes[0] != 0x1B) {
        *used = 1;
        return keys_from_ascii(bytes[0]);
    }
    if (count < 2)
        return key;
    if (bytes[1] == '[') {
        key = control_sequence(bytes + 2, count - 2, used);
        *used += *used ? 2 : 0;
        return key;
    }
    if (bytes[1] == 'O') {
        if (count < 3)
            return key;
        *used = 3;
        return stroke(key_of_letter(bytes[2]));
    }
    *used = 2;
    key = keys_from_ascii(bytes[1]);
    key.has_alt = true;
    return key;
}
