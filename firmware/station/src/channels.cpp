#include "channels.h"

#include <string.h>

#include "frame.h"
#include "hal.h"
#include "inputs.h"
#include "outputs.h"
#include "recent.h"
#include "store.h"

namespace channels {
namespace {

using wire::ChannelKind;
using wire::RunStatus;

wire::TableEntry table[wire::MAX_CHANNELS];
Slot slots[wire::MAX_CHANNELS];
uint8_t table_count;
uint32_t crc_in_force;

// The table being loaded takes the place of the one in force: two would not fit beside each other.
uint8_t loaded;  // entries that came, in order
uint8_t load_verdict;
uint32_t load_crc;

bool pin_taken(uint8_t index) {
    for (uint8_t i = 0; i < index; i++)
        if (table[i].pin == table[index].pin) return true;
    return false;
}

// A limit that this firmware cannot enforce yet is refused, never ignored.
bool acceptable(uint8_t index) {
    const wire::TableEntry &e = table[index];
    if (!hal::is_digital_pin(e.pin) || pin_taken(index)) return false;
    switch (ChannelKind(e.kind)) {
    case ChannelKind::Pulse:
    case ChannelKind::Level:
        return (e.safe == 0 || e.safe == 255) && e.group == 0 && (e.duty_permille == 0 || e.duty_permille >= 1000);
    case ChannelKind::Input:
    case ChannelKind::Status:
        return true;
    case ChannelKind::Stop:
        return !hal::has_led(e.pin);
    default:
        return false;
    }
}

void enforce(uint8_t count, uint32_t crc) {
    memset(slots, 0, sizeof slots);
    table_count = count;
    crc_in_force = crc;
    for (uint8_t i = 0; i < count; i++)
        if (outputs::is_output(table[i])) outputs::make_safe(table[i]);
    inputs::begin();
}

// The run that is on, or null.
Output *running(uint8_t index) {
    Output &output = slots[index].output;
    return outputs::is_output(table[index]) && output.phase == Phase::On ? &output : nullptr;
}

void end(uint8_t index, RunStatus why) {
    Output &output = slots[index].output;
    outputs::make_safe(table[index]);
    output.since = board_time::update();
    output.phase = table[index].rest_ms ? Phase::Resting : Phase::Idle;
    output.ended = why;
    recent::settle(output.id, why);
}

}  // namespace

void begin(char *board_id) {
    uint32_t crc;
    uint8_t count = store::begin(board_id, table, crc);
    for (uint8_t i = 0; i < count; i++)
        if (!acceptable(i)) count = 0;  // written by a newer firmware
    loaded = 0;
    load_verdict = ALL_GOOD;
    enforce(count, count ? crc : 0);
}

void load_entry(const wire::TableEntry &entry) {
    if (entry.index == 0) {
        store::forget_table();
        table_count = 0;
        crc_in_force = 0;
        loaded = 0;
        load_verdict = ALL_GOOD;
        load_crc = frame::CRC_START;
    }
    if (entry.index != loaded || loaded == wire::MAX_CHANNELS) {
        load_verdict = BAD_TABLE;
        return;
    }
    table[loaded] = entry;
    if (load_verdict == ALL_GOOD && !acceptable(loaded)) load_verdict = loaded;
    loaded++;
    load_crc = frame::crc_add(load_crc, &entry, sizeof entry);
}

uint8_t load_commit(uint8_t count, uint32_t crc) {
    const uint8_t came = loaded;
    const uint8_t verdict = load_verdict;
    const uint32_t found = came ? ~load_crc : 0;
    loaded = 0;
    load_verdict = ALL_GOOD;
    if (count != came || crc != found) return BAD_TABLE;
    if (verdict != ALL_GOOD) return verdict;
    enforce(count, crc);
    store::save_table(table, count, crc);
    return ALL_GOOD;
}

uint8_t count() { return table_count; }

uint32_t table_crc() { return crc_in_force; }

const wire::TableEntry &entry(uint8_t index) { return table[index]; }

Slot &slot(uint8_t index) { return slots[index]; }

RunStatus run(const wire::Run &order) {
    if (order.channel >= table_count || !outputs::is_output(table[order.channel])) return RunStatus::NoChannel;
    const wire::TableEntry &entry = table[order.channel];
    Output &output = slots[order.channel].output;
    if (order.on_ms == 0 || order.on_ms > entry.max_on_ms) return RunStatus::OverLimit;
    if (output.phase == Phase::On) return RunStatus::Busy;
    if (output.phase == Phase::Resting) return RunStatus::Resting;
    output.phase = Phase::On;
    output.ended = RunStatus::Started;
    output.id = order.id;
    output.on_ms = order.on_ms;
    recent::remember(order.id, RunStatus::Started);  // before the edge: a reset in between must not repeat it
    output.since = board_time::update();
    outputs::set(entry, order.level);
    return RunStatus::Started;
}

void cancel(uint32_t id) {
    for (uint8_t i = 0; i < table_count; i++) {
        const Output *output = running(i);
        if (output && (id == 0 || output->id == id)) end(i, RunStatus::Cancelled);
    }
}

void make_safe(RunStatus why) {
    for (uint8_t i = 0; i < table_count; i++)  // the pins first, all of them; the bookkeeping can wait
        if (outputs::is_output(table[i])) outputs::make_safe(table[i]);
    for (uint8_t i = 0; i < table_count; i++)
        if (running(i)) end(i, why);
}

void tick() {
    for (uint8_t i = 0; i < table_count; i++) {
        Output &output = slots[i].output;
        if (!outputs::is_output(table[i]) || output.phase == Phase::Idle) continue;
        if (output.phase == Phase::On) {
            if (board_time::passed(output.since, output.on_ms)) end(i, RunStatus::Done);
        } else if (board_time::passed(output.since, table[i].rest_ms)) {
            output.phase = Phase::Idle;
        }
    }
}

bool due_soon() {
    const uint32_t soon = board_time::now().ms + 2;
    for (uint8_t i = 0; i < table_count; i++) {
        const Output *output = running(i);
        if (output && soon - output->since.ms >= output->on_ms) return true;
    }
    return false;
}

uint16_t energised() {
    uint16_t bits = 0;
    for (uint8_t i = 0; i < table_count; i++)
        if (outputs::is_output(table[i]) && !outputs::is_safe(table[i])) bits |= uint16_t(1) << i;
    return bits;
}

bool take_ended(wire::Result &result) {
    for (uint8_t i = 0; i < table_count; i++) {
        Output &output = slots[i].output;
        if (!outputs::is_output(table[i]) || output.ended == RunStatus::Started) continue;
        result.id = output.id;
        result.status = uint8_t(output.ended);
        result.board_ms = output.since.ms;
        output.ended = RunStatus::Started;
        return true;
    }
    return false;
}

uint32_t began(uint32_t id) {
    for (uint8_t i = 0; i < table_count; i++) {
        const Output *output = running(i);
        if (output && output->id == id) return output->since.ms;
    }
    return 0;
}

}  // namespace channels
