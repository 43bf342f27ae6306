#include "inputs.h"

#include "channels.h"
#include "hal.h"

namespace inputs {
namespace {

using channels::Input;
using table::Entry;
using wire::ChannelKind;

constexpr uint8_t UNKNOWN = 2;  // until the first stable level, which is no edge

bool open_now;
bool any_due;
uint8_t until;  // behind the last digital input
uint32_t last_ms;
uint8_t converting;  // the analog channel whose voltage is being measured
constexpr uint8_t NONE = 255;

bool is_stop(const Entry &entry) { return entry.is(ChannelKind::Stop); }

bool is_digital(const Entry &entry) { return entry.is(ChannelKind::Input) || is_stop(entry); }

bool tells(const Entry &entry) { return entry.is(ChannelKind::Input) || entry.is(ChannelKind::Analog); }

void believe(Input &input, uint8_t level, uint32_t since, bool tell) {
    if (input.level != UNKNOWN && tell) {
        if (level) input.count++;
        input.changed_at = since;
        input.due = input.untold = any_due = true;
    }
    input.level = level;
}

void sample(const Entry &entry, Input &input, uint32_t now, uint16_t passed) {
    // A stop contact to ground with pull-up reads high when it opens: active, unless active-low.
    const uint8_t raw = hal::read(entry.pin) != entry.active_low();
    if (raw != input.raw) {
        input.raw = raw;
        input.stable_ms = 0;
    } else {
        input.stable_ms = passed > UINT16_MAX - input.stable_ms ? UINT16_MAX : input.stable_ms + passed;
    }
    const uint16_t filter = is_stop(entry) ? STOP_FILTER_MS : entry.arg;
    if (raw != input.level && input.stable_ms >= filter) believe(input, raw, now - input.stable_ms, !is_stop(entry));
}

// Between the two thresholds the level stays what it was; before the first measurement there is none.
void measured(const Entry &entry, Input &input, uint16_t value, uint32_t now) {
    const bool was_above = input.level != UNKNOWN && (input.level == 1) != entry.active_low();
    const bool above = value >= (was_above ? entry.arg - entry.hysteresis : entry.arg);
    const uint8_t level = above != entry.active_low();
    if (level != input.level) believe(input, level, now, true);
}

// One conversion after the other, each taken up in the millisecond after it began: it lasts 0.1 ms.
void convert(uint32_t now) {
    if (converting == NONE || !hal::analog_ready()) return;
    measured(table::entry(converting), channels::slot(converting).input, hal::analog_value(), now);
    do {
        converting = converting + 1 < table::count() ? converting + 1 : 0;
    } while (!table::entry(converting).is(ChannelKind::Analog));
    hal::analog_start(table::entry(converting).pin);
}

}  // namespace

void begin() {
    open_now = any_due = false;
    until = 0;
    last_ms = board_time::now().ms;
    converting = NONE;
    for (uint8_t i = 0; i < table::count(); i++) {
        const Entry &entry = table::entry(i);
        if (!is_digital(entry) && !entry.is(ChannelKind::Analog)) continue;
        hal::claim(entry.pin);
        hal::listen(entry.pin, entry.flags & wire::ChannelFlag::PullUp);
        Input &input = channels::slot(i).input;
        input.raw = input.level = UNKNOWN;
        if (entry.is(ChannelKind::Analog))
            converting = i;
        else
            until = i + 1;
    }
    if (converting != NONE) hal::analog_start(table::entry(converting).pin);
}

void tick() {
    const uint32_t now = board_time::now().ms;
    const uint32_t passed = now - last_ms;
    if (!passed) return;
    last_ms = now;
    bool open = false;
    for (uint8_t i = 0; i < until; i++) {
        const Entry &entry = table::entry(i);
        if (!is_digital(entry)) continue;
        Input &input = channels::slot(i).input;
        sample(entry, input, now, passed > UINT16_MAX ? UINT16_MAX : passed);
        if (is_stop(entry) && input.level == 1) open = true;
    }
    open_now = open;
    convert(now);
}

bool stop_open() { return open_now; }

bool take_changed(wire::InputChanged &changed) {
    for (uint8_t i = 0; any_due && i < table::count(); i++) {
        Input &input = channels::slot(i).input;
        if (!tells(table::entry(i)) || !input.due) continue;
        changed.channel = i;
        changed.level = input.level;
        changed.count = input.count;
        changed.board_ms = input.changed_at;
        input.due = false;
        return true;
    }
    any_due = false;
    return false;
}

void told(const wire::InputChanged &changed) {
    if (changed.channel >= table::count() || !tells(table::entry(changed.channel))) return;
    Input &input = channels::slot(changed.channel).input;
    if (input.count == changed.count && input.level == changed.level) input.untold = false;
}

void tell_again() {
    for (uint8_t i = 0; i < table::count(); i++)
        if (tells(table::entry(i)) && channels::slot(i).input.untold) channels::slot(i).input.due = any_due = true;
}

}  // namespace inputs
