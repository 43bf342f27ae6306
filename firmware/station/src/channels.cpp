#include "channels.h"

#include <string.h>

#include "duty.h"
#include "inputs.h"
#include "motion.h"
#include "outputs.h"
#include "pattern.h"
#include "recent.h"

namespace channels {
namespace {

using table::Entry;
using wire::ChannelKind;
using wire::RunStatus;

Slot slots[wire::MAX_CHANNELS];
uint32_t ticked_ms;
uint16_t active;  // bit n: channel n is in another phase than idle
uint8_t untold;   // how many runs ended and were not told

Output &output(uint8_t index) { return slots[index].output; }

Phase phase(uint8_t index) { return Phase(output(index).phase); }

uint32_t elapsed(uint8_t index) { return board_time::now().ms - output(index).since.ms; }

// A run of its own that is on, not a pattern's step.
bool runs(uint8_t index) {
    return table::entry(index).is_output() && phase(index) == Phase::On && !pattern::holds(index);
}

void enter(uint8_t index, Phase next) {
    output(index).phase = uint8_t(next);
    const uint16_t bit = uint16_t(1) << index;
    active = next == Phase::Idle ? active & ~bit : active | bit;
}

// It is off, or let go.
void rest(uint8_t index) {
    if (table::entry(index).duty_limited) duty::charge(index, output(index).since.ms);
    output(index).since = board_time::now();
    enter(index, table::entry(index).rest_ms ? Phase::Resting : Phase::Idle);
}

void let_go(uint8_t index) {
    board_time::update();
    outputs::make_safe(index);
    rest(index);
}

void go_home(uint8_t index) {
    board_time::update();
    output(index).on_ms = elapsed(index) + motion::home_ms(index);
    enter(index, Phase::Homing);
}

// Ends the run that is on: by leaving it, `how`; `why` is what will be told.
void finish(uint8_t index, void (*how)(uint8_t), RunStatus why) {
    const bool own = runs(index);
    how(index);
    if (!own) return;
    output(index).untold = true;
    untold++;
    recent::settle(output(index).run, why);
}

RunStatus refusal(const wire::Run &order) {
    const uint8_t i = order.channel;
    if (i >= table::count() || !table::entry(i).is_output()) return RunStatus::NoChannel;
    const Entry &entry = table::entry(i);
    if (order.on_ms == 0 || order.on_ms > entry.max_on_ms) return RunStatus::OverLimit;
    if (entry.is(ChannelKind::Tone) && order.arg && (order.arg < table::TONE_LEAST_HZ || order.arg > table::TONE_MOST_HZ))
        return RunStatus::OverLimit;
    if (phase(i) == Phase::On || pattern::holds(i)) return RunStatus::Busy;
    const bool homing = phase(i) == Phase::Homing;
    if (rest_left(i) || (homing && elapsed(i) + order.on_ms > entry.max_on_ms)) return RunStatus::Resting;
    if (group_energised(i) || pattern::holds_group(i)) return RunStatus::Interlock;
    const uint32_t since = homing ? output(i).since.ms : board_time::now().ms;
    if (entry.duty_limited && !duty::allows(i, order.on_ms + motion::home_ms(i), since))
        return RunStatus::Duty;
    return RunStatus::Started;
}

void energise(uint8_t index, uint8_t level, uint32_t on_ms, uint16_t arg, uint8_t run, const board_time::Instant &at) {
    const Entry &entry = table::entry(index);
    Output &o = output(index);
    if (phase(index) == Phase::Homing) {
        o.on_ms = at.ms - o.since.ms + on_ms;
    } else {
        o.since = at;
        o.on_ms = on_ms;
    }
    o.run = run;
    o.level = level;
    enter(index, Phase::On);
    const uint16_t how = arg ? arg : entry.arg;
    if (entry.moves())
        motion::start(index, level, how);
    else
        outputs::set(index, level, how);
}

void tick_output(uint8_t index, uint8_t passed_ms) {
    const Entry &entry = table::entry(index);
    Output &o = output(index);
    switch (Phase(o.phase)) {
    case Phase::Idle:
        return;
    case Phase::On:
        if (board_time::passed(o.since, o.on_ms)) return channels::end(index, RunStatus::Done);
        if (passed_ms && entry.moves())
            motion::advance(index, o.level, passed_ms, o.on_ms - elapsed(index));
        return;
    case Phase::Homing:
        if (board_time::passed(o.since, o.on_ms)) return let_go(index);
        if (passed_ms) motion::advance(index, entry.safe, passed_ms, 0);
        return;
    case Phase::Resting:
        if (board_time::passed(o.since, entry.rest_ms)) enter(index, Phase::Idle);
        return;
    }
}

}  // namespace

void begin() {
    memset(slots, 0, sizeof slots);
    untold = 0;
    active = 0;
    ticked_ms = board_time::now().ms;
    motion::begin();
    duty::begin();
    for (uint8_t i = 0; i < table::count(); i++)
        if (table::entry(i).is_output()) outputs::begin(i);
    inputs::begin();
}

Slot &slot(uint8_t index) { return slots[index]; }

RunStatus run(const wire::Run &order) {
    const RunStatus why = refusal(order);
    if (why != RunStatus::Started) return why;
    // Before the edge: a reset in between must not repeat it.
    const uint8_t known = recent::remember(order.id, RunStatus::Started);
    energise(order.channel, order.level, order.on_ms, order.arg, known, board_time::update());
    return RunStatus::Started;
}

void begin_step(uint8_t index, uint8_t level, uint32_t on_ms, uint8_t run, const board_time::Instant &at) {
    energise(index, level, on_ms, 0, run, at);
}

void renew(uint32_t id, uint32_t on_ms) {
    for (uint8_t i = 0; i < table::count(); i++) {
        if (!runs(i) || recent::id(output(i).run) != id) continue;
        const Entry &entry = table::entry(i);
        Output &o = output(i);
        const uint32_t most = entry.max_on_ms > elapsed(i) ? entry.max_on_ms - elapsed(i) : 0;
        if (on_ms > most) on_ms = most;
        if (entry.duty_limited && !duty::allows(i, on_ms + motion::home_ms(i), o.since.ms)) return;
        o.on_ms = elapsed(i) + on_ms;
    }
}

void end(uint8_t index, RunStatus why) {
    finish(index, table::entry(index).is(ChannelKind::Servo) ? go_home : let_go, why);
}

void cancel(uint32_t id) {
    for (uint8_t i = 0; i < table::count(); i++)
        if (runs(i) && (id == 0 || recent::id(output(i).run) == id)) end(i, RunStatus::Cancelled);
}

void make_safe(RunStatus why) {
    board_time::update();
    for (uint8_t i = 0; i < table::count(); i++)  // the pins first, all of them; the bookkeeping can wait
        if (table::entry(i).is_output()) outputs::make_safe(i);
    for (uint8_t i = 0; i < table::count(); i++) {
        if (!table::entry(i).is_output()) continue;
        if (phase(i) == Phase::On) finish(i, rest, why);
        if (phase(i) == Phase::Homing) rest(i);
    }
    pattern::ended(why);
}

void tick() {
    const uint32_t now = board_time::now().ms;
    const uint32_t passed = now - ticked_ms;
    const uint8_t passed_ms = passed > 255 ? 255 : passed;
    ticked_ms = now;
    if (passed_ms) motion::tick(passed_ms);
    uint8_t i = 0;
    for (uint16_t bits = active; bits; bits >>= 1, i++)
        if (bits & 1) tick_output(i, passed_ms);
}

bool due_soon() {
    uint8_t i = 0;
    for (uint16_t bits = active; bits; bits >>= 1, i++)
        if (bits & 1 && phase(i) == Phase::On && elapsed(i) + 2 >= output(i).on_ms) return true;
    return false;
}

uint16_t energised() {
    uint16_t bits = 0;
    for (uint8_t i = 0; i < table::count(); i++)
        if (table::entry(i).is_output() && !outputs::is_safe(i)) bits |= uint16_t(1) << i;
    return bits;
}

bool energised_since(uint8_t index, uint32_t &since_ms) {
    since_ms = output(index).since.ms;
    return phase(index) == Phase::On || phase(index) == Phase::Homing;
}

uint32_t rest_left(uint8_t index) {
    const Entry &entry = table::entry(index);
    if (!entry.rest_ms) return 0;
    if (phase(index) == Phase::Homing) return output(index).on_ms - elapsed(index) + entry.rest_ms;
    if (phase(index) != Phase::Resting) return 0;
    const uint32_t rested = elapsed(index);
    return rested < entry.rest_ms ? entry.rest_ms - rested + 1 : 1;  // in ms, and never too early
}

bool group_energised(uint8_t index) {
    const uint8_t group = table::entry(index).group;
    uint32_t since;
    for (uint8_t i = 0; group && i < table::count(); i++)
        if (i != index && table::entry(i).group == group && table::entry(i).is_output() && energised_since(i, since))
            return true;
    return false;
}

bool take_ended(wire::Result &result) {
    for (uint8_t i = 0; untold && i < table::count(); i++) {
        Output &o = output(i);
        if (!table::entry(i).is_output() || !o.untold) continue;
        untold--;
        result.id = recent::id(o.run);
        result.status = uint8_t(recent::status(o.run));
        result.board_ms = o.since.ms;  // off; of a servo, when it began to go home
        if (phase(i) == Phase::Homing) result.board_ms += o.on_ms - motion::home_ms(i);
        o.untold = false;
        return true;
    }
    return false;
}

uint32_t began(uint32_t id) {
    for (uint8_t i = 0; i < table::count(); i++)
        if (runs(i) && recent::id(output(i).run) == id) return output(i).since.ms;
    return 0;
}

}  // namespace channels
