// What a level means on a pin, by kind of channel.
#pragma once

#include "wire.h"

namespace outputs {

bool is_output(const wire::TableEntry &entry);
void set(const wire::TableEntry &entry, uint8_t level);
void make_safe(const wire::TableEntry &entry);
bool is_safe(const wire::TableEntry &entry);  // read back from what the pin is driven to

// Shows the board's state on a status LED.
void set_led(const wire::TableEntry &entry, bool on);

}  // namespace outputs
