/* Input records: packed for the log, applied to the devices. */
#include "base/bits.h"
#include "frontends/frontend.h"

/* kind | usage or character | pressed or buttons | dz | dx (2) | dy (2) */
void input_record_pack(const struct input_record *record, uint8_t bytes[INPUT_RECORD_BYTES])
{
    bytes[0] = (uint8_t)record->kind;
    bytes[1] = record->kind == INPUT_SERIAL ? record->character : record->usage;
    bytes[2] = record->kind == INPUT_KEY ? record->is_pressed : record->buttons;
    bytes[3] = (uint8_t)record->dz;
    store_le16(bytes + 4, (uint16_t)record->dx);
    store_le16(bytes + 6, (uint16_t)record->dy);
}

bool input_record_unpack(struct input_record *record, const uint8_t *bytes, size_t count)
{
    static const struct input_record NOTHING;
    *record = NOTHING;
    if (count != INPUT_RECORD_BYTES || bytes[0] < INPUT_KEY || bytes[0] > INPUT_QUIT)
        return false;
    record->kind = (enum input_kind)bytes[0];
    switch (record->kind) {
    case INPUT_KEY:
        record->usage = bytes[1];
        record->is_pressed = bytes[2] != 0;
        break;
    case INPUT_MOUSE:
        record->buttons = bytes[2];
        record->dz = (int8_t)bytes[3];
        record->dx = (int16_t)load_le16(bytes + 4);
        record->dy = (int16_t)load_le16(bytes + 6);
        break;
    case INPUT_SERIAL: record->character = bytes[1]; break;
    case INPUT_QUIT: break;
    }
    return true;
}

void input_record_apply(const struct input_record *record, const struct input_port *keyboard,
                        const struct input_port *mouse)
{
    if (record->kind == INPUT_KEY && keyboard && keyboard->key)
        keyboard->key(keyboard->self, record->usage, record->is_pressed);
    if (record->kind == INPUT_MOUSE && mouse && mouse->move)
        mouse->move(mouse->self, record->dx, record->dy, -record->dz, record->buttons);
}
