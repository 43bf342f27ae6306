#include "orders.h"

#include <string.h>

#include "channels.h"
#include "hal.h"
#include "inputs.h"
#include "latch.h"
#include "link.h"
#include "recent.h"
#include "session.h"

namespace orders {
namespace {

using station::board_id;
using station::disarm;
using station::session;
using wire::RunStatus;

// What the last session was not told, the gateway asks for by id; inputs are told again.
void forget_session() {
    wire::Result forgotten;
    while (channels::take_ended(forgotten)) {
    }
    link::connect();
    inputs::tell_again();
}

void on(const wire::Connect &m) {
    if (!session.connected || session.id != m.session) {
        disarm(RunStatus::LeaseLost);  // what ran, ran under another session's lease
        forget_session();
        session.connected = true;
        session.id = m.session;
        session.heard = board_time::now();
    }
    session.hello_due = session.hello_answers = true;
}

void on(const wire::Heartbeat &m) {
    if (!session.connected) return;
    session.heard = board_time::now();
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
        session.armed = channels::count() && !latch::stopped() && !inputs::stop_open();
    session.state_due = true;
}

void on(const wire::TableEntry &m) {
    disarm(RunStatus::Cancelled);
    channels::load_entry(m);
}

void on(const wire::TableCommit &m) {
    disarm(RunStatus::Cancelled);
    const uint8_t bad = channels::load_commit(m.count, m.crc);
    const wire::TableResult result = {bad == channels::ALL_GOOD, bad == channels::ALL_GOOD ? uint8_t(0) : bad,
                                      channels::table_crc()};
    link::post(result.KIND, &result, sizeof result);
}

RunStatus run(const wire::Run &m) {
    if (!channels::count()) return RunStatus::NotConfigured;
    if (latch::stopped()) return RunStatus::Stopped;
    if (!session.armed) return RunStatus::NotArmed;
    return channels::run(m);
}

void answer(uint32_t id, RunStatus status, uint32_t when) {
    const wire::Result result = {id, uint8_t(status), when};
    link::post(result.KIND, &result, sizeof result);
}

void answer_known(uint32_t id, RunStatus status) {
    answer(id, status, status == RunStatus::Started ? channels::began(id) : 0);
}

void on(const wire::Run &m) {
    const RunStatus known = recent::find(m.id);
    if (known != RunStatus::UnknownId) return answer_known(m.id, known);
    const RunStatus status = run(m);
    if (status != RunStatus::Started) recent::remember(m.id, status);
    answer(m.id, status, board_time::now().ms);
}

void on(const wire::Cancel &m) { channels::cancel(m.id); }

void on(const wire::Query &m) { answer_known(m.id, recent::find(m.id)); }

bool is_name(const wire::SetId &m) {
    for (const char c : m.board_id)
        if (c && (c < ' ' || c > '~')) return false;
    return true;
}

void on(const wire::SetId &m) {
    if (!session.armed && is_name(m)) {
        memcpy(board_id, m.board_id, sizeof board_id);
        store::save_id(board_id);
    }
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
    case wire::GetStats::KIND: return link::post(wire::Stats::KIND, nullptr, 0);
    default: return;
    }
}

// Kinds that only a board sends come back to us over a shorted cable; they say nothing about the gateway.
bool from_gateway(uint8_t kind) {
    return kind != wire::Hello::KIND && kind != wire::State::KIND && kind < wire::Result::KIND;
}

}  // namespace

void take(const frame::Frame &f) {
    if (!from_gateway(f.kind)) return;
    switch (f.kind) {
    case wire::Stop::KIND: on(as<wire::Stop>(f)); break;
    case wire::Connect::KIND: return on(as<wire::Connect>(f));  // its ack belongs to no session yet
    case wire::Heartbeat::KIND: on(as<wire::Heartbeat>(f)); break;
    default: break;
    }
    if (!session.connected) return;
    link::acknowledged(f.ack);
    if (f.kind < wire::FIRST_RELIABLE) return;
    // An order may use a channel again: what ended there is told first, or it would be forgotten.
    if (link::take(f.seq, tell_ended())) on_reliable(f);
}

bool tell_ended() {
    wire::Result ended;
    while (link::room()) {
        if (!channels::take_ended(ended)) return true;
        link::post(ended.KIND, &ended, sizeof ended);
    }
    return false;
}

void gather(wire::Stats &stats) {
    const link::Counters &counted = link::counters();
    stats.frames = counted.frames;
    stats.bad_frames = counted.bad_frames;
    stats.repeats = counted.repeats;
    stats.uptime_ms = board_time::now().ms;
    stats.loop_max_us = session.longest_pass_us;
    stats.free_ram = hal::free_ram();
}

}  // namespace orders
