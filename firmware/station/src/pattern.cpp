#include "pattern.h"

#include <stdint.h>
#include <string.h>

#include "board_time.h"
#include "channels.h"
#include "duty.h"
#include "motion.h"
#include "recent.h"

namespace pattern {
namespace {

using table::Entry;
using wire::RunStatus;

struct __attribute__((packed)) Step {
    uint8_t channel, level;
    uint16_t on_ms;  // 0: not loaded
    uint16_t wait_ms;
};

Step steps[wire::MAX_STEPS];

struct __attribute__((packed)) {
    uint8_t run : 5;  // which of recent.h's ids
    uint8_t plays : 1, untold : 1;
    uint8_t count, next, rounds;  // rounds to come after this one
    uint16_t channels;            // bit n: a step for channel n
    uint32_t began_ms, ended_ms;
    board_time::Instant next_at;
} state;

uint16_t bit(uint8_t index) { return uint16_t(1) << index; }

// When a channel, or a group, is free for another step: milliseconds from the pattern's first edge.
struct Schedule {
    uint32_t channel_free[wire::MAX_CHANNELS], group_free[table::LAST_GROUP + 1];
    uint32_t channel_first[wire::MAX_CHANNELS], group_first[table::LAST_GROUP + 1];
    uint8_t group_last[table::LAST_GROUP + 1];  // the channel that used it last
    uint32_t home_ms[wire::MAX_CHANNELS];
    uint16_t channels;
    uint32_t length;
};

// Why step `s` at `at` does not fit what came before it; else enters it.
RunStatus place(Schedule &plan, const Step &s, uint32_t at) {
    if (s.channel >= table::count() || !table::entry(s.channel).is_output()) return RunStatus::NoChannel;
    const Entry &entry = table::entry(s.channel);
    if (s.on_ms == 0 || s.on_ms > entry.max_on_ms) return RunStatus::OverLimit;
    const uint8_t group = entry.group;
    const bool first = !(plan.channels & bit(s.channel));
    if (first) {
        uint32_t since;
        const bool on = channels::energised_since(s.channel, since);
        if (on && channels::slot(s.channel).output.phase == uint8_t(channels::Phase::On)) return RunStatus::Busy;
        if (channels::group_energised(s.channel)) return RunStatus::Interlock;
        if (channels::rest_left(s.channel) > at) return RunStatus::Resting;
        plan.channels |= bit(s.channel);
        plan.channel_first[s.channel] = at;
        plan.home_ms[s.channel] = motion::home_ms(s.channel);
    } else if (plan.channel_free[s.channel] > at) {
        return entry.rest_ms ? RunStatus::Resting : RunStatus::Busy;
    }
    const uint32_t end = at + s.on_ms, home = end + plan.home_ms[s.channel];
    plan.channel_free[s.channel] = entry.rest_ms ? home + entry.rest_ms : end;
    if (!group) return RunStatus::Started;
    if (plan.group_last[group] == wire::MAX_CHANNELS)
        plan.group_first[group] = at;
    else if (plan.group_last[group] != s.channel && plan.group_free[group] > at)
        return RunStatus::Interlock;
    plan.group_last[group] = s.channel;
    if (home > plan.group_free[group]) plan.group_free[group] = home;
    return RunStatus::Started;
}

// Whether the next round fits behind this one.
RunStatus wraps(const Schedule &plan) {
    for (uint8_t i = 0; i < wire::MAX_CHANNELS; i++)
        if (plan.channels & bit(i) && plan.channel_free[i] > plan.channel_first[i] + plan.length) return RunStatus::Busy;
    for (uint8_t g = 1; g <= table::LAST_GROUP; g++)
        if (plan.group_last[g] != wire::MAX_CHANNELS && plan.group_free[g] > plan.group_first[g] + plan.length)
            return RunStatus::Interlock;
    return RunStatus::Started;
}

// Most that the pattern can energise a channel within its duty window: it may begin and end anywhere in a round.
bool duty_allows(const Schedule &plan, uint8_t index, uint8_t count, uint16_t rounds) {
    uint32_t on = 0;  // in a round
    for (uint8_t i = 0; i < count; i++)
        if (steps[i].channel == index) on += steps[i].on_ms + plan.home_ms[index];
    uint32_t within = plan.length ? duty::window_ms(index) / plan.length + 2 : rounds;
    if (within > rounds) within = rounds;
    return on <= UINT32_MAX / within && duty::allows(index, on * within, board_time::now().ms, true);
}

RunStatus check(uint8_t count, uint8_t repeats, Schedule &plan) {
    memset(&plan, 0, sizeof plan);
    memset(plan.group_last, wire::MAX_CHANNELS, sizeof plan.group_last);
    for (uint8_t i = 0; i < count; i++) {
        const RunStatus why = place(plan, steps[i], plan.length);
        if (why != RunStatus::Started) return why;
        plan.length += steps[i].wait_ms;
    }
    if (repeats) {
        const RunStatus why = wraps(plan);
        if (why != RunStatus::Started) return why;
    }
    for (uint8_t i = 0; i < table::count(); i++)
        if (plan.channels & bit(i) && table::entry(i).duty_limited &&
            !duty_allows(plan, i, count, repeats + 1))
            return RunStatus::Duty;
    return RunStatus::Started;
}

// Whether `at`, which may lie ahead, has come.
bool has_come(const board_time::Instant &at) {
    return int32_t(board_time::now().ms - at.ms) >= 0 && board_time::passed(at, 0);
}

void finish(RunStatus why) {
    state.plays = false;
    state.untold = true;
    state.ended_ms = board_time::now().ms;
    recent::settle(state.run, why);
}

bool all_off() {
    uint32_t since;
    for (uint8_t i = 0; i < table::count(); i++)
        if (holds(i) && channels::energised_since(i, since) &&
            channels::slot(i).output.phase == uint8_t(channels::Phase::On))
            return false;
    return true;
}

}  // namespace

void begin() {
    memset(steps, 0, sizeof steps);
    memset(&state, 0, sizeof state);
}

void load(const wire::PatternStep &m) {
    if (state.plays || m.index >= wire::MAX_STEPS) return;
    steps[m.index] = {m.channel, m.level, m.on_ms, m.wait_ms};
}

RunStatus run(const wire::PatternRun &order) {
    if (state.plays) return RunStatus::Full;
    if (order.count == 0 || order.count > wire::MAX_STEPS) return RunStatus::OverLimit;
    Schedule plan;
    const RunStatus why = check(order.count, order.repeats, plan);
    if (why != RunStatus::Started) return why;
    state.run = recent::remember(order.id, RunStatus::Started);
    state.plays = true;
    state.count = order.count;
    state.next = 0;
    state.rounds = order.repeats;
    state.channels = plan.channels;
    state.next_at = board_time::update();
    state.began_ms = state.next_at.ms;
    tick();
    return RunStatus::Started;
}

void cancel(uint32_t id) {
    if (!state.plays || (id && recent::id(state.run) != id)) return;
    for (uint8_t i = 0; i < table::count(); i++)
        if (holds(i) && channels::slot(i).output.phase == uint8_t(channels::Phase::On))
            channels::end(i, RunStatus::Cancelled);
    finish(RunStatus::Cancelled);
}

void ended(RunStatus why) {
    if (state.plays) finish(why);
}

void tick() {
    if (!state.plays) return;
    while (state.next < state.count && has_come(state.next_at)) {
        const Step &s = steps[state.next];
        channels::tick();  // what ends at this very moment ends first
        channels::begin_step(s.channel, s.level, s.on_ms, state.run, state.next_at);
        state.next_at.ms += s.wait_ms;
        if (++state.next == state.count && state.rounds) {
            state.rounds--;
            state.next = 0;
        }
    }
    if (state.next == state.count && all_off()) finish(RunStatus::Done);
}

bool due_soon() {
    return state.plays && state.next < state.count && int32_t(state.next_at.ms - board_time::now().ms) <= 2;
}

bool holds(uint8_t index) { return state.plays && state.channels & bit(index); }

bool holds_group(uint8_t index) {
    const uint8_t group = table::entry(index).group;
    for (uint8_t i = 0; group && i < table::count(); i++)
        if (table::entry(i).group == group && holds(i)) return true;
    return false;
}

bool take_ended(wire::Result &result) {
    if (!state.untold) return false;
    result.id = recent::id(state.run);
    result.status = uint8_t(recent::status(state.run));
    result.board_ms = state.ended_ms;
    state.untold = false;
    return true;
}

uint32_t began(uint32_t id) { return state.plays && recent::id(state.run) == id ? state.began_ms : 0; }

}  // namespace pattern
