#include "inputs.h"

#include "channels.h"
#include "hal.h"

namespace inputs {
namespace {

using channels::Input;
using wire::ChannelKind;

constexpr uint8_t UNKNOWN = 2;  // until the first stable level, which is no edge

bool open_now;
uint32_t last_ms;

bool is_stop(const wire::TableEntry &entry) { return entry.kind == uint8_t(ChannelKind::Stop); }

bool is_input(const wire::TableEntry &entry) {
    return entry.kind == uint8_t(ChannelKind::Input) || is_stop(entry);
}

void sample(const wire::TableEntry &entry, Input &input, uint32_t now) {
    // A stop contact to ground with pull-up reads high when it opens: active, unless active-low.
    const uint8_t raw = hal::read(entry.pin) != bool(entry.flags & wire::ChannelFlag::ActiveLow);
    if (raw != input.raw) {
        input.raw = raw;
        input.raw_since = now;
    }
    const uint16_t filter = is_stop(entry) ? STOP_FILTER_MS : entry.arg0;
    if (raw == input.level || now - input.raw_since < filter) return;
    if (input.level != UNKNOWN && !is_stop(entry)) {
        if (raw) input.count++;
        input.changed_at = input.raw_since;
        input.due = input.untold = true;
    }
    input.level = raw;
}

}  // namespace

void begin() {
    open_now = false;
    last_ms = board_time::now().ms;
    for (uint8_t i = 0; i < channels::count(); i++) {
        const wire::TableEntry &entry = channels::entry(i);
        if (!is_input(entry)) continue;
        hal::listen(entry.pin, entry.flags & wire::ChannelFlag::PullUp);
        Input &input = channels::slot(i).input;
        input.raw = input.level = UNKNOWN;
    }
}

void tick() {
    const uint32_t now = board_time::now().ms;
    if (now == last_ms) return;
    last_ms = now;
    bool open = false;
    for (uint8_t i = 0; i < channels::count(); i++) {
        const wire::TableEntry &entry = channels::entry(i);
        if (!is_input(entry)) continue;
        Input &input = channels::slot(i).input;
        sample(entry, input, now);
        if (is_stop(entry) && input.level == 1) open = true;
    }
    open_now = open;
}

bool stop_open() { return open_now; }

bool take_changed(wire::InputChanged &changed) {
    for (uint8_t i = 0; i < channels::count(); i++) {
        Input &input = channels::slot(i).input;
        if (channels::entry(i).kind != uint8_t(ChannelKind::Input) || !input.due) continue;
        changed.channel = i;
        changed.level = input.level;
        changed.count = input.count;
        changed.board_ms = input.changed_at;
        input.due = false;
        return true;
    }
    return false;
}

void told(const wire::InputChanged &changed) {
    if (changed.channel >= channels::count() || !is_input(channels::entry(changed.channel))) return;
    Input &input = channels::slot(changed.channel).input;
    if (input.count == changed.count && input.level == changed.level) input.untold = false;
}

void tell_again() {
    for (uint8_t i = 0; i < channels::count(); i++)
        if (is_input(channels::entry(i)) && channels::slot(i).input.untold) channels::slot(i).input.due = true;
}

}  // namespace inputs
