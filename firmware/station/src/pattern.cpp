#include "pattern.h"

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
uint32_t outdated;  // bit n: a newer step n came while these played, and was refused
static_assert(wire::MAX_STEPS <= 32, "outdated has a bit for each");

enum class Phase : uint8_t { Idle, Checks, Plays };

struct __attribute__((packed)) {
    uint8_t run : 5;  // which of recent.h's ids, from the end of its check on
    uint8_t phase : 2;
    uint8_t answer_due : 1;  // it has begun, or was refused
    uint8_t end_due : 1;
    uint8_t count, rounds;  // rounds to come after this one
    uint8_t next;           // step; while it checks: channel, after LIST_CHANNELS
    uint16_t channels;      // bit n: a step for channel n
    union {
        uint32_t id;  // while it checks
        uint32_t began_ms;
    };
    uint32_t ended_ms;
    board_time::Instant next_at;
} state;

bool is(Phase phase) { return state.phase == uint8_t(phase); }

uint16_t bit(uint8_t index) { return uint16_t(1) << index; }

constexpr uint8_t LIST_CHANNELS = 255;
constexpr uint32_t NEVER = UINT32_MAX;

// Within a duty window the pattern may begin and end anywhere in a round.
bool duty_allows(uint8_t index, uint32_t on_ms, uint32_t round_ms, uint16_t rounds) {
    const uint32_t within = round_ms ? duty::window_ms(index) / round_ms + 2 : rounds;
    return duty::allows_spread(index, on_ms, within < rounds ? within : rounds);
}

// Whether all steps of channel `index` fit each other, other channels of its group, and the next round. Times
// are milliseconds from the pattern's first edge.
RunStatus fits(uint8_t index) {
    const Entry &entry = table::entry(index);
    const bool servo = entry.is(wire::ChannelKind::Servo);
    const uint32_t home_ms = motion::home_ms(index);
    uint32_t at = 0, first = NEVER, on_ms = 0;
    uint32_t train_began = 0, train_ends = 0;
    uint32_t free = channels::rest_left(index);  // when it may be used again
    uint32_t others_off = 0;                     // when all others of its group are off
    uint32_t since;
    if (channels::energised_since(index, since)) return RunStatus::Busy;
    if (channels::group_energised(index)) return RunStatus::Interlock;
    for (uint8_t i = 0; i < state.count; i++) {
        const Step &s = steps[i];
        if (s.channel == index) {
            if (s.on_ms > entry.max_on_ms) return RunStatus::OverLimit;
            if (free > at) return entry.rest_ms ? RunStatus::Resting : RunStatus::Busy;
            if (others_off > at) return RunStatus::Interlock;
            if (first == NEVER) first = at;
            const uint32_t end = at + s.on_ms;
            if (servo && train_ends <= at) train_began = at;
            if (servo && end - train_began > entry.max_on_ms) return RunStatus::OverLimit;
            train_ends = end + home_ms;
            on_ms += train_ends - at;
            free = entry.rest_ms ? train_ends + entry.rest_ms : end;
        } else if (entry.group && table::entry(s.channel).group == entry.group) {
            const uint32_t off = at + s.on_ms + motion::home_ms(s.channel);
            if (off > others_off) others_off = off;
        }
        at += s.wait_ms;
    }
    if (state.rounds) {
        const uint32_t again = first + at;
        // A servo has to be home in between, or it would be held for ever.
        if (free > again || (servo && train_ends > again)) return RunStatus::Busy;
        if (others_off > again) return RunStatus::Interlock;
    }
    if (entry.duty_limited && !duty_allows(index, on_ms, at, state.rounds + 1)) return RunStatus::Duty;
    return RunStatus::Started;
}

bool is_on(uint8_t index) {
    return holds(index) && channels::slot(index).output.phase == uint8_t(channels::Phase::On);
}

bool all_off() {
    for (uint8_t i = 0; i < table::count(); i++)
        if (is_on(i)) return false;
    return true;
}

void answer(RunStatus status) {
    state.run = recent::remember(state.id, status);
    state.answer_due = true;
    state.phase = uint8_t(Phase::Idle);
    state.began_ms = board_time::update().ms;
}

void finish(RunStatus why) {
    state.phase = uint8_t(Phase::Idle);
    state.end_due = true;
    state.ended_ms = board_time::now().ms;
    recent::settle(state.run, why);
}

RunStatus list_channels() {
    for (uint8_t i = 0; i < state.count; i++) {
        const Step &s = steps[i];
        if (s.on_ms == 0) return RunStatus::OverLimit;
        if (s.channel >= table::count() || !table::entry(s.channel).is_output()) return RunStatus::NoChannel;
        state.channels |= bit(s.channel);
    }
    return RunStatus::Started;
}

void check_next() {
    if (state.next == LIST_CHANNELS) {
        const RunStatus why = list_channels();
        state.next = 0;
        if (why != RunStatus::Started) answer(why);
        return;
    }
    while (state.next < table::count() && !(state.channels & bit(state.next))) state.next++;
    if (state.next < table::count()) {
        const RunStatus why = fits(state.next++);
        if (why != RunStatus::Started) answer(why);
        return;
    }
    answer(RunStatus::Started);
    state.phase = uint8_t(Phase::Plays);
    state.next = 0;
    state.next_at = board_time::now();
}

// Unlike passed(), right for a time to come: no step is farther away than a minute.
bool has_come(const board_time::Instant &at) {
    const int32_t since = board_time::now().ms - at.ms;
    return since > 0 || (since == 0 && board_time::now().four_us >= at.four_us);
}

}  // namespace

void begin() {
    memset(steps, 0, sizeof steps);
    outdated = 0;
    memset(&state, 0, sizeof state);
}

void load(const wire::PatternStep &m) {
    if (m.index >= wire::MAX_STEPS) return;
    const uint32_t step = uint32_t(1) << m.index;
    if (is(Phase::Plays)) {
        outdated |= step;
        return;
    }
    outdated &= ~step;
    steps[m.index] = {m.channel, m.level, m.on_ms, m.wait_ms};
}

RunStatus run(const wire::PatternRun &order) {
    if (!is(Phase::Idle)) return RunStatus::Full;
    if (order.count == 0 || order.count > wire::MAX_STEPS) return RunStatus::OverLimit;
    // Not a mix of what was loaded then and now.
    if (outdated << (wire::MAX_STEPS - order.count)) return RunStatus::Full;
    state.phase = uint8_t(Phase::Checks);
    state.id = order.id;
    state.count = order.count;
    state.rounds = order.repeats;
    state.channels = 0;
    state.next = LIST_CHANNELS;
    return RunStatus::Started;
}

bool checks() { return is(Phase::Checks); }

void cancel(uint32_t id) {
    if (!is(Phase::Plays) || (id && recent::id(state.run) != id)) return;
    for (uint8_t i = 0; i < table::count(); i++)
        if (is_on(i)) channels::end(i, RunStatus::Cancelled);
    finish(RunStatus::Cancelled);
}

void ended(RunStatus why) {
    if (is(Phase::Checks)) answer(why);
    if (is(Phase::Plays)) finish(why);
}

void tick() {
    if (is(Phase::Checks)) check_next();
    if (!is(Phase::Plays)) return;
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
    return checks() || (is(Phase::Plays) && state.next < state.count &&
                        int32_t(state.next_at.ms - board_time::now().ms) <= 2);
}

bool holds(uint8_t index) { return is(Phase::Plays) && state.channels & bit(index); }

bool holds_group(uint8_t index) {
    const uint8_t group = table::entry(index).group;
    for (uint8_t i = 0; group && i < table::count(); i++)
        if (table::entry(i).group == group && holds(i)) return true;
    return false;
}

bool take_told(wire::Result &result) {
    if (!state.answer_due && !state.end_due) return false;
    result.id = recent::id(state.run);
    const RunStatus status = recent::status(state.run);
    if (state.answer_due) {
        const bool began = is(Phase::Plays) || state.end_due;
        result.status = uint8_t(began ? RunStatus::Started : status);
        result.board_ms = state.began_ms;
        state.answer_due = false;
    } else {
        result.status = uint8_t(status);
        result.board_ms = state.ended_ms;
        state.end_due = false;
    }
    return true;
}

uint32_t began(uint32_t id) { return is(Phase::Plays) && recent::id(state.run) == id ? state.began_ms : 0; }

}  // namespace pattern
