#include "orders.h"

#include <string.h>

#include "channels.h"
#include "hal.h"
#include "inputs.h"
#include "latch.h"
#include "link.h"
#include "pattern.h"
#include "recent.h"
#include "session.h"
#include "store.h"
#include "table.h"

namespace orders {
namespace {

using station::disarm;
using station::session;
using wire::RunStatus;

bool take_ended(wire::Result &result) { return channels::take_ended(result) || pattern::take_told(result); }

// What the last session was not told, the gateway asks for by id; inputs are told again.
void forget_session() {
    wire::Result forgotten;
    while (take_ended(forgotten)) {
    }
    pattern::begin();
    link::connect();
    inputs::tell_again();
}

void on(const wire::Connect &m) {
    if (!session.connected || session.id != m.session) {
        disarm(RunStatus::LeaseLost);  // what ran, ran under another session's lease
        forget_session();
        session.connected = true;
        session.id = m.session;
        session.heard = board_time::now().ms;
    }
    session.hello_due = session.hello_answers = true;
}

void on(const wire::Heartbeat &m) {
    if (!session.connected) return;
    session.heard = board_time::now().ms;
    session.gateway_ms = m.gateway_ms;
    session.gateway_ms_read_at = board_time::now().ms;
    session.state_due = true;
}

void on(const wire::Stop &m) { station::stop(m.trip); }

void on(const wire::ResetStop &m) {
    if (!inputs::stop_open()) latch::reset(m.trip);
    session.state_due = true;
}

void on(const wire::Arm &m) {
    if (!m.armed)
        disarm(RunStatus::Cancelled);
    else
        session.armed = table::count() && !latch::stopped() && !inputs::stop_open();
    session.state_due = true;
}

void on(const wire::TableEntry &m) {
    disarm(RunStatus::Cancelled);
    tell_ended();  // or it would be forgotten with the table
    table::load(m);
    if (!m.index) channels::begin();  // nothing of the old table goes on
}

void on(const wire::TableCommit &m) {
    disarm(RunStatus::Cancelled);
    const uint8_t bad = table::commit(m.count, m.crc);
    if (bad == table::ALL_GOOD) channels::begin();
    const wire::TableResult result = {bad == table::ALL_GOOD, bad == table::ALL_GOOD ? uint8_t(0) : bad,
                                      table::crc()};
    link::post(result.KIND, &result, sizeof result);
}

// Why nothing at all may move.
RunStatus standstill() {
    if (!table::count()) return RunStatus::NotConfigured;
    if (latch::stopped()) return RunStatus::Stopped;
    return session.armed ? RunStatus::Started : RunStatus::NotArmed;
}


void answer(uint32_t id, RunStatus status, uint32_t when) {
    const wire::Result result = {id, uint8_t(status), when};
    link::post(result.KIND, &result, sizeof result);
}

void answer_known(uint32_t id, RunStatus status) {
    uint32_t began = 0;
    if (status == RunStatus::Started) began = channels::began(id);
    if (status == RunStatus::Started && !began) began = pattern::began(id);
    answer(id, status, began);
}

void on(const wire::Run &m) {
    const RunStatus known = recent::find(m.id);
    if (known != RunStatus::UnknownId) return answer_known(m.id, known);
    RunStatus status = standstill();
    if (status == RunStatus::Started) status = channels::run(m);
    if (status != RunStatus::Started) recent::remember(m.id, status);
    answer(m.id, status, board_time::now().ms);
}

void on(const wire::PatternRun &m) {
    const RunStatus known = recent::find(m.id);
    if (known != RunStatus::UnknownId) return answer_known(m.id, known);
    RunStatus status = standstill();
    if (status == RunStatus::Started) status = pattern::run(m);
    if (status == RunStatus::Started) return;  // answered when it has been checked
    recent::remember(m.id, status);
    answer(m.id, status, board_time::now().ms);
}

void on(const wire::PatternStep &m) { pattern::load(m); }

void on(const wire::Renew &m) {
    const RunStatus known = recent::find(m.id);
    if (known != RunStatus::Started) return answer_known(m.id, known);
    channels::renew(m.id, m.on_ms);
}

void on(const wire::Cancel &m) {
    channels::cancel(m.id);
    pattern::cancel(m.id);
}

void on(const wire::Query &m) { answer_known(m.id, recent::find(m.id)); }

bool is_name(const wire::SetId &m) {
    for (const char c : m.board_id)
        if (c && (c < ' ' || c > '~')) return false;
    return true;
}

void on(const wire::SetId &m) {
    if (!session.armed && is_name(m)) store::save_id(m.board_id);
    session.naming = true;
}

template <typename M>
M as(const frame::Frame &f) {
    M message;
    memcpy(&message, f.payload, sizeof message);
    return message;
}

void on_reliable(const frame::Frame &f) {
    switch (f.kind) {
    case wire::ResetStop::KIND: return on(as<wire::ResetStop>(f));
    case wire::Arm::KIND: return on(as<wire::Arm>(f));
    case wire::TableEntry::KIND: return on(as<wire::TableEntry>(f));
    case wire::TableCommit::KIND: return on(as<wire::TableCommit>(f));
    case wire::Run::KIND: return on(as<wire::Run>(f));
    case wire::Cancel::KIND: return on(as<wire::Cancel>(f));
    case wire::Query::KIND: return on(as<wire::Query>(f));
    case wire::SetId::KIND: return on(as<wire::SetId>(f));
    case wire::Renew::KIND: return on(as<wire::Renew>(f));
    case wire::PatternStep::KIND: return on(as<wire::PatternStep>(f));
    case wire::PatternRun::KIND: return on(as<wire::PatternRun>(f));
    case wire::GetStats::KIND: return link::post(wire::Stats::KIND, nullptr, 0);
    default: return;
    }
}

// Kinds that only a board sends come back to us over a shorted cable; they say nothing about the gateway.
bool from_gateway(uint8_t kind) {
    return kind != wire::Hello::KIND && kind != wire::State::KIND && kind < wire::Result::KIND;
}

}  // namespace

bool take(const frame::Frame &f) {
    if (!from_gateway(f.kind)) return false;
    switch (f.kind) {
    case wire::Stop::KIND: on(as<wire::Stop>(f)); break;
    case wire::Connect::KIND: on(as<wire::Connect>(f)); return true;  // its ack belongs to no session yet
    case wire::Heartbeat::KIND: on(as<wire::Heartbeat>(f)); break;
    default: break;
    }
    const bool stop = f.kind == wire::Stop::KIND;
    if (!session.connected) return stop;
    link::acknowledged(f.ack);
    if (f.kind == wire::Again::KIND) link::again();
    if (f.kind < wire::FIRST_RELIABLE) return stop;
    // An order may use a channel again: what ended there is told first, or it would be forgotten.
    if (!link::take(f.seq, ready())) return false;
    on_reliable(f);
    return true;
}

bool tell_ended() {
    wire::Result ended;
    while (link::room()) {
        if (!take_ended(ended)) return true;
        link::post(ended.KIND, &ended, sizeof ended);
    }
    return false;
}

bool ready() { return tell_ended() && !pattern::checks(); }

void gather(wire::Stats &stats) {
    const link::Counters &counted = link::counters();
    stats.frames = counted.frames;
    stats.bad_frames = counted.bad_frames;
    stats.repeats = counted.repeats;
    stats.uptime_ms = board_time::now().ms;
    stats.loop_max_us = session.longest_pass_us;
    stats.free_ram = hal::free_ram();
    stats.boots = station::boots();
    stats.lost_bytes = hal::lost_bytes();
}

}  // namespace orders
