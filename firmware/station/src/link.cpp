#include "link.h"

#include <string.h>

#include "board_time.h"
#include "hal.h"
#include "inputs.h"

namespace link {
namespace {

struct Message {
    uint8_t kind, size;
    uint8_t payload[MAX_POSTED];
};

constexpr uint8_t SLOTS = 8;
static_assert((SLOTS & (SLOTS - 1)) == 0, "a slot follows from its seq by a mask");

Message outbox[SLOTS];  // message `seq` is in slot seq & (SLOTS - 1)
uint8_t first;          // seq of the oldest message not acknowledged
uint8_t next_seq;       // seq of the next message posted
uint8_t to_send;        // seq of the next message to go out: first again when they are repeated
uint8_t expected;       // seq of the next reliable frame from the gateway
bool ack_due;
board_time::Instant sent_at;  // the oldest unacknowledged message, last time
Counters count;
Gather gather_stats;

Message &slot(uint8_t seq) { return outbox[seq & (SLOTS - 1)]; }

bool transmit(uint8_t kind, uint8_t seq, const void *payload, uint8_t size) {
    if (hal::send_room() < frame::OVERHEAD + size) return false;
    uint8_t bytes[frame::MAX_FRAME];
    hal::send(bytes, frame::encode(bytes, kind, seq, expected, payload, size));
    ack_due = false;
    return true;
}

bool transmit_posted(uint8_t seq) {
    const Message &message = slot(seq);
    if (message.kind != wire::Stats::KIND) return transmit(message.kind, seq, message.payload, message.size);
    wire::Stats stats;
    gather_stats(stats);
    return transmit(stats.KIND, seq, &stats, sizeof stats);
}

}  // namespace

void begin(Gather gather) {
    gather_stats = gather;
    memset(&count, 0, sizeof count);
    connect();
}

void connect() {
    first = next_seq = to_send = expected = 0;
    ack_due = false;
}

void acknowledged(uint8_t ack) {
    const uint8_t news = ack - first;
    if (news == 0 || news > uint8_t(next_seq - first)) return;
    if (news > uint8_t(to_send - first)) to_send = ack;  // acknowledged while about to be repeated
    for (; first != ack; first++) {
        const Message &message = slot(first);
        if (message.kind != wire::InputChanged::KIND) continue;
        wire::InputChanged changed;
        memcpy(&changed, message.payload, sizeof changed);
        inputs::told(changed);
    }
    sent_at = board_time::now();
}

bool take(uint8_t seq, bool ready) {
    ack_due = true;
    if (!ready || seq != expected || room() < ROOM_PER_FRAME) return false;
    expected++;
    return true;
}

uint8_t room() { return SLOTS - uint8_t(next_seq - first); }

void post(uint8_t kind, const void *payload, uint8_t size) {
    Message &message = slot(next_seq++);
    message.kind = kind;
    message.size = size;
    if (size) memcpy(message.payload, payload, size);
}

bool send(uint8_t kind, const void *payload, uint8_t size) { return transmit(kind, 0, payload, size); }

void tick() {
    if (first != to_send && board_time::passed(sent_at, wire::REPEAT_MS)) {
        count.repeats += uint8_t(to_send - first);
        to_send = first;
    }
    while (to_send != next_seq) {
        if (!transmit_posted(to_send)) break;
        if (to_send++ == first) sent_at = board_time::now();
    }
    if (ack_due) send(wire::AckOnly::KIND, nullptr, 0);
}

Counters &counters() { return count; }

}  // namespace link
