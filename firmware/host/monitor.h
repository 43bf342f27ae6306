// Watches every output of the table in force, whatever is asked of the board: none is energised longer than its
// limit, no two of a group together, none beyond its duty, and none begins while the board is stopped.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "channels.h"
#include "hal_host.h"
#include "latch.h"
#include "motion.h"
#include "table.h"

class Monitor {
   public:
    uint32_t movements = 0;

    // `broken` is called with what does not hold.
    explicit Monitor(std::function<void(const std::string &)> broken) : broken_(broken) {}

    // A pin changed.
    void look(uint8_t pin) {
        if (table::crc() != table_) begin();
        for (uint8_t i = 0; i < table::count(); i++)
            if (table::entry(i).pin == pin && table::entry(i).is_output()) look_at(i);
    }

    // Time passed.
    void look() {
        if (table::crc() != table_) begin();
        for (uint8_t i = 0; i < table::count(); i++)
            if (table::entry(i).is_output()) {
                look_at(i);
                if (watched_[i].on) limit(i);
            }
    }

   private:
    struct Watched {
        bool on;
        uint32_t since_us;
        std::vector<std::pair<uint32_t, uint32_t>> runs;  // begin and end, in microseconds
    };

    static constexpr uint32_t SLACK_US = 2200;  // one step of the tests' clock, and one of the servos'

    // What limits hold for a table that was just put in force.
    void begin() {
        table_ = table::crc();
        for (uint8_t i = 0; i < wire::MAX_CHANNELS; i++) {
            watched_[i].on = false;
            watched_[i].runs.clear();
        }
    }

    bool energised(const table::Entry &e) const {
        const host::Pin &pin = host::pins[e.pin];
        if (e.is(wire::ChannelKind::Servo)) return pin.servo_us;
        if (e.is(wire::ChannelKind::Tone)) return pin.tone_hz;
        if (!pin.output) return false;
        const uint8_t safe = e.is(wire::ChannelKind::Pwm) ? e.safe : e.safe ? 255 : 0;
        return pin.shows() != (e.active_low() ? 255 - safe : safe);
    }

    void look_at(uint8_t i) {
        Watched &w = watched_[i];
        const bool on = energised(table::entry(i));
        if (on == w.on) return;
        w.on = on;
        if (!on) {
            limit(i);
            w.runs.emplace_back(w.since_us, host::us);
            return duty(i);
        }
        movements++;
        w.since_us = host::us;
        if (latch::stopped()) say("began while the board is stopped", i);
        for (uint8_t k = 0; table::entry(i).group && k < table::count(); k++)
            if (k != i && table::entry(k).is_output() && watched_[k].on && table::entry(k).group == table::entry(i).group)
                say("was on together with another of its group", i);
    }

    void limit(uint8_t i) {
        uint64_t most = uint64_t(table::entry(i).max_on_ms) * 1000 + SLACK_US;
        most += motion::home_ms(i) * 1000ull;
        if (host::us - watched_[i].since_us > most) say("was on too long", i);
    }

    // The fullest windows end with a run.
    void duty(uint8_t i) {
        if (!table::entry(i).duty_limited) return;
        const wire::TableEntry e = table::unpacked(i);
        const uint32_t window = e.duty_window_s * 1000000u;
        const uint32_t now = host::us;
        auto &runs = watched_[i].runs;
        if (window > 600000000u) return;  // longer than any of these tests
        while (!runs.empty() && now - runs.front().second > window) runs.erase(runs.begin());
        uint64_t on = 0;
        for (const auto &run : runs) on += run.second - (now - run.first > window ? now - window : run.first);
        if (on > uint64_t(e.duty_permille) * e.duty_window_s * 1000 + SLACK_US * (runs.size() + 1))
            say("was on beyond its duty", i);
    }

    void say(const char *what, uint8_t i) {
        broken_("channel " + std::to_string(i) + " (kind " + std::to_string(table::entry(i).kind) + ") " + what);
    }

    std::function<void(const std::string &)> broken_;
    uint32_t table_ = 0;
    Watched watched_[wire::MAX_CHANNELS] = {};
};
