// A table with one of everything, for tests that throw anything at it.
#pragma once

#include <vector>

#include "gateway.h"

inline wire::TableEntry limited(uint8_t index, uint8_t pin, wire::ChannelKind kind, uint32_t max_on_ms) {
    wire::TableEntry e = output(index, pin, max_on_ms);
    e.kind = uint8_t(kind);
    return e;
}

inline std::vector<wire::TableEntry> one_of_everything() {
    using wire::ChannelKind;
    std::vector<wire::TableEntry> t = {
        limited(0, 2, ChannelKind::Pulse, 20),   limited(1, 4, ChannelKind::Level, 400),
        limited(2, 5, ChannelKind::Pwm, 300),    limited(3, 6, ChannelKind::Pwm, 150),
        limited(4, 8, ChannelKind::Servo, 250),  limited(5, 9, ChannelKind::Servo, 200),
        limited(6, 7, ChannelKind::Tone, 100),   limited(7, 10, ChannelKind::Pulse, 100),
        limited(8, 12, ChannelKind::Pulse, 120), limited(9, 13, ChannelKind::Pulse, 300),
    };
    t[1].rest_ms = 30;
    t[2].arg0 = 40;  // ramp
    t[3].safe = 64;
    t[3].flags = wire::ChannelFlag::ActiveLow;
    t[4].arg0 = 1000, t[4].arg1 = 2000, t[4].arg2 = 5000, t[4].rest_ms = 10;
    t[5].arg0 = 600, t[5].arg1 = 2400, t[5].safe = 128;
    t[6].arg0 = 440;
    t[7].group = t[8].group = 1;
    t[9].duty_permille = 200, t[9].duty_window_s = 1;
    t.push_back(contact(10, 14, ChannelKind::Input, 5));
    t.push_back(contact(11, 15, ChannelKind::Analog, 512));
    t.push_back(contact(12, 16, ChannelKind::Stop));
    t.push_back(contact(13, 17, ChannelKind::Status));
    return t;
}
