#include "station.h"

#include <string.h>

#include "board_time.h"
#include "channels.h"
#include "config.h"
#include "duty.h"
#include "frame.h"
#include "hal.h"
#include "inputs.h"
#include "latch.h"
#include "link.h"
#include "orders.h"
#include "outputs.h"
#include "pattern.h"
#include "recent.h"
#include "session.h"
#include "store.h"
#include "table.h"

namespace station {

Session session;

namespace {

using wire::RunStatus;
namespace flag = wire::StateFlag;

// RAM that held over a reset begins with this; it changes with the layout of what is kept.
constexpr uint32_t KEPT_MARK = 0x57A6E003;
uint32_t kept_mark KEPT_OVER_RESET;
uint16_t boot_count KEPT_OVER_RESET;

frame::Decoder decoder;
uint32_t hello_sent;  // ms
uint8_t flags_sent;

uint8_t flags() {
    return (session.armed ? flag::Armed : 0) | (latch::stopped() ? flag::Stopped : 0) |
           (table::count() ? flag::Configured : 0) | (inputs::stop_open() ? flag::StopInput : 0);
}

// Up to the first order; whether there was one. What stands behind it waits for the next pass.
bool receive() {
    frame::Frame f;
    uint8_t byte;
    // No more than one ring's worth: a flood must not keep the rest of the loop waiting.
    for (uint8_t i = 0; i < wire::RECEIVE_RING && hal::receive(byte); i++) {
        switch (decoder.feed(byte, f)) {
        case frame::Step::More: break;
        case frame::Step::Bad:
            link::counters().bad_frames++;
            link::damaged();
            break;
        case frame::Step::Good:
            link::counters().frames++;
            if (orders::take(f)) return true;
            break;
        }
    }
    return false;
}

// Whether it had to make everything safe.
bool guard() {
    if (inputs::stop_open() && !latch::stopped()) {
        stop(latch::OWN_INPUT);
        return true;
    }
    if (!session.connected || board_time::now().ms - session.heard < wire::LEASE_MS) return false;
    disarm(RunStatus::LeaseLost);
    session.connected = false;
    session.hello_due = true;
    return true;
}

void report() {
    if (!session.connected) return;
    orders::tell_ended();
    wire::InputChanged changed;
    // Inputs leave room for answers, however fast they chatter.
    while (link::room() > 2 * link::ROOM_PER_FRAME && inputs::take_changed(changed))
        link::post(changed.KIND, &changed, sizeof changed);
}

bool say_hello() {
    if (!session.connected && board_time::now().ms - hello_sent >= wire::HELLO_MS) session.hello_due = true;
    if (session.naming && !store::busy()) {  // told only when the id would survive a power cut
        session.naming = false;
        session.hello_due = true;
    }
    if (!session.hello_due) return false;
    wire::Hello hello = {session.hello_answers ? session.id : 0, uint8_t(hal::board_kind()), config::FW_MAJOR,
                         config::FW_MINOR, config::FW_PATCH, uint8_t(hal::boot_reason()), boots(),
                         wire::MAX_CHANNELS, table::crc(), {}, wire::CAPABILITIES};
    memcpy(hello.board_id, store::board_id(), sizeof hello.board_id);
    if (!link::send(hello.KIND, &hello, sizeof hello)) return false;
    session.hello_due = session.hello_answers = false;
    hello_sent = board_time::now().ms;
    return true;
}

bool say_state() {
    if (session.connected && flags() != flags_sent) session.state_due = true;
    if (!session.state_due) return false;
    const wire::State state = {session.gateway_ms, session.gateway_ms_read_at, flags(), channels::energised(),
                               latch::id()};
    if (!link::send(state.KIND, &state, sizeof state)) return false;
    session.state_due = false;
    flags_sent = state.flags;
    return true;
}

// One frame at most.
void speak() {
    report();
    if (!say_state() && !say_hello()) link::tick(session.connected && orders::ready());
}

// Steady: armed. Slow: connected. Fast: stopped. A short flash every second: no gateway.
void show_status() {
    const uint16_t phase = board_time::now().ms & 1023;
    if (phase % 32) return;
    const bool on = latch::stopped()    ? phase & 64
                    : session.armed     ? true
                    : session.connected ? phase < 512
                                        : phase < 32;
    for (uint8_t i = 0; i < table::count(); i++)
        if (table::entry(i).is(wire::ChannelKind::Status)) outputs::set_led(i, on);
}

}  // namespace

uint16_t boots() { return boot_count; }

void disarm(RunStatus why) {
    session.armed = false;
    channels::make_safe(why);
}

void stop(uint32_t trip) {
    disarm(RunStatus::Stopped);
    latch::trip(trip);
    session.state_due = true;
}

void begin() {
    hal::begin();
    const bool kept = kept_mark == KEPT_MARK;  // not by the boot reason: few bootloaders pass on the true one
    kept_mark = KEPT_MARK;
    board_time::begin();
    latch::begin(kept);
    boot_count = recent::begin(kept) ? boot_count + 1 : 0;  // 0 also tells the gateway that ids were forgotten
    store::begin();
    table::begin();
    pattern::begin();
    channels::begin();
    link::begin(orders::gather);
    decoder.begin();
    memset(&session, 0, sizeof session);
    session.hello_due = true;
    flags_sent = flags();
}

void pass() {
    const uint32_t began = hal::micros();
    hal::feed_watchdog();
    board_time::update();
    bool busy = receive();
    inputs::tick();
    busy = guard() || busy || pattern::checks();
    duty::tick();
    channels::tick();
    pattern::tick();
    if (!busy) {  // a pass does something long or speaks, not both, and stays short
        speak();
        show_status();
        store::tick();
    }
    const uint32_t took = hal::micros() - began;
    if (took > session.longest_pass_us) session.longest_pass_us = took > 0xFFFF ? 0xFFFF : took;
    if (!channels::due_soon() && !pattern::due_soon()) hal::rest();
}

}  // namespace station
