#include "station.h"

#include <string.h>

#include "board_time.h"
#include "channels.h"
#include "config.h"
#include "frame.h"
#include "hal.h"
#include "inputs.h"
#include "latch.h"
#include "link.h"
#include "orders.h"
#include "outputs.h"
#include "recent.h"
#include "session.h"
#include "store.h"

namespace station {

Session session;
char board_id[store::ID_SIZE];

namespace {

using wire::RunStatus;
namespace flag = wire::StateFlag;

// RAM that held over a reset begins with this; it changes with the layout of what is kept.
constexpr uint32_t KEPT_MARK = 0x57A6E001;
uint32_t kept_mark KEPT_OVER_RESET;
uint16_t boots KEPT_OVER_RESET;

frame::Decoder decoder;
board_time::Instant hello_sent;
uint8_t flags_sent;

uint8_t flags() {
    return (session.armed ? flag::Armed : 0) | (latch::stopped() ? flag::Stopped : 0) |
           (channels::count() ? flag::Configured : 0) | (inputs::stop_open() ? flag::StopInput : 0);
}

void receive() {
    frame::Frame f;
    uint8_t byte;
    // No more than one ring's worth: a flood must not keep the rest of the loop waiting.
    for (uint8_t i = 0; i < wire::RECEIVE_RING && hal::receive(byte); i++) {
        switch (decoder.feed(byte, f)) {
        case frame::Step::More: break;
        case frame::Step::Bad: link::counters().bad_frames++; break;
        case frame::Step::Good:
            link::counters().frames++;
            orders::take(f);
            break;
        }
    }
}

void guard() {
    if (inputs::stop_open() && !latch::stopped()) stop(latch::OWN_INPUT);
    if (session.connected && board_time::passed(session.heard, wire::LEASE_MS)) {
        disarm(RunStatus::LeaseLost);
        session.connected = false;
        session.hello_due = true;
    }
}

void report() {
    if (!session.connected) return;
    orders::tell_ended();
    wire::InputChanged changed;
    // Inputs leave room for answers, however fast they chatter.
    while (link::room() > 2 * link::ROOM_PER_FRAME && inputs::take_changed(changed))
        link::post(changed.KIND, &changed, sizeof changed);
}

void say_hello() {
    if (!session.connected && board_time::passed(hello_sent, wire::HELLO_MS)) session.hello_due = true;
    if (session.naming && !store::busy()) {  // told only when the id would survive a power cut
        session.naming = false;
        session.hello_due = true;
    }
    if (!session.hello_due) return;
    wire::Hello hello = {session.hello_answers ? session.id : 0, uint8_t(hal::board_kind()), config::FW_MAJOR,
                         config::FW_MINOR, config::FW_PATCH, uint8_t(hal::boot_reason()), boots,
                         channels::count(), channels::table_crc(), {}};
    memcpy(hello.board_id, board_id, sizeof board_id);
    if (!link::send(hello.KIND, &hello, sizeof hello)) return;
    session.hello_due = session.hello_answers = false;
    hello_sent = board_time::now();
}

void say_state() {
    if (session.connected && flags() != flags_sent) session.state_due = true;
    if (!session.state_due) return;
    const wire::State state = {session.gateway_ms, session.gateway_ms_read_at, flags(), channels::energised(),
                               latch::id()};
    if (!link::send(state.KIND, &state, sizeof state)) return;
    session.state_due = false;
    flags_sent = state.flags;
}

// Steady: armed. Slow: connected. Fast: stopped. A short flash every second: no gateway.
void show_status() {
    const uint16_t phase = board_time::now().ms & 1023;
    const bool on = latch::stopped()    ? phase & 64
                    : session.armed     ? true
                    : session.connected ? phase < 512
                                        : phase < 32;
    for (uint8_t i = 0; i < channels::count(); i++)
        if (channels::entry(i).kind == uint8_t(wire::ChannelKind::Status)) outputs::set_led(channels::entry(i), on);
}

}  // namespace

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
    const bool kept = kept_mark == KEPT_MARK && hal::boot_reason() != wire::Boot::PowerOn;
    kept_mark = KEPT_MARK;
    boots = kept ? boots + 1 : 0;
    board_time::begin();
    latch::begin(kept);
    recent::begin(kept);
    channels::begin(board_id);
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
    receive();
    inputs::tick();
    guard();
    channels::tick();
    report();
    say_state();
    say_hello();
    link::tick();
    show_status();
    store::tick();
    const uint32_t took = hal::micros() - began;
    if (took > session.longest_pass_us) session.longest_pass_us = took > 0xFFFF ? 0xFFFF : took;
    if (!channels::due_soon()) hal::rest();
}

}  // namespace station
