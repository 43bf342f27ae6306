#include "link.h"

#include <string.h>

#include "board_time.h"
#include "hal.h"
#include "inputs.h"

namespace link {
namespace {

struct __attribute__((packed)) Message {
    uint8_t kind;
    uint8_t payload[MAX_POSTED];
};

constexpr uint8_t SLOTS = 8;
static_assert((SLOTS & (SLOTS - 1)) == 0, "a slot follows from its seq by a mask");

// A frame is acknowledged when there is room for what the next window of the gateway's may make us answer: two
// orders, and two runs that end meanwhile. Results go back over a line of the same rate and are more bytes
// than the orders; a gateway that were acknowledged at once would send what we must refuse, and repeat it.
constexpr uint8_t ROOM_PER_WINDOW = 3 * ROOM_PER_FRAME;
static_assert(ROOM_PER_WINDOW < SLOTS, "or nothing were ever acknowledged while something is under way");

Message outbox[SLOTS];  // message `seq` is in slot seq & (SLOTS - 1)
uint8_t first;          // seq of the oldest message not acknowledged
uint8_t next_seq;       // seq of the next message posted
uint8_t to_send;        // seq of the next message to go out: first again when they are repeated
uint8_t expected;       // seq of the next reliable frame from the gateway
uint8_t acknowledges;   // what every frame says: `expected`, or what it was before
struct {
    uint8_t ack_due : 1;
    uint8_t refused : 1;   // the next reliable frame came too early: ask for it when there is room
    uint8_t gap : 1;       // a frame is missing
    uint8_t asked : 1;     // Again was said for this `expected`
    uint8_t answered : 1;  // theirs was answered for this `first`
} now;
uint32_t sent_at;       // the oldest unacknowledged message, last time
Counters count;
Gather gather_stats;

Message &slot(uint8_t seq) { return outbox[seq & (SLOTS - 1)]; }

bool transmit(uint8_t kind, uint8_t seq, const void *payload, uint8_t size) {
    if (hal::send_room() < frame::OVERHEAD + size) return false;
    uint8_t bytes[frame::MAX_FRAME];
    hal::send(bytes, frame::encode(bytes, kind, seq, acknowledges, payload, size));
    now.ack_due = false;
    return true;
}

bool transmit_posted(uint8_t seq) {
    const Message &message = slot(seq);
    if (message.kind != wire::Stats::KIND)
        return transmit(message.kind, seq, message.payload, wire::payload_size(message.kind));
    wire::Stats stats;
    gather_stats(stats);
    return transmit(stats.KIND, seq, &stats, sizeof stats);
}

void repeat() {
    count.repeats += uint8_t(to_send - first);
    to_send = first;
}

}  // namespace

void begin(Gather gather) {
    gather_stats = gather;
    memset(&count, 0, sizeof count);
    connect();
}

void connect() {
    first = next_seq = to_send = expected = acknowledges = 0;
    memset(&now, 0, sizeof now);
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
    sent_at = board_time::now().ms;
    now.answered = false;
}

void again() {
    if (now.answered) return;
    now.answered = true;
    repeat();
}

void damaged() { now.gap = true; }

bool take(uint8_t seq, bool ready) {
    now.ack_due = true;
    if (seq != expected) {
        if (uint8_t(seq - expected) < 0x80) now.gap = true;
        return false;
    }
    if (!ready || room() < ROOM_PER_FRAME) {
        now.refused = true;
        return false;
    }
    expected++;
    now.refused = now.gap = now.asked = false;
    return true;
}

uint8_t room() { return SLOTS - uint8_t(next_seq - first); }

void post(uint8_t kind, const void *payload, uint8_t size) {
    Message &message = slot(next_seq++);
    message.kind = kind;
    if (size) memcpy(message.payload, payload, size);
}

bool send(uint8_t kind, const void *payload, uint8_t size) { return transmit(kind, 0, payload, size); }

void tick(bool ready) {
    if (first != to_send && board_time::now().ms - sent_at >= wire::REPEAT_MS) repeat();
    const bool open = ready && room() >= ROOM_PER_WINDOW;
    if (open && acknowledges != expected) {
        acknowledges = expected;
        now.ack_due = true;
    }
    // What was refused for want of room leaves a gap of our own making: ask only when it can be filled.
    if (open && (now.gap || now.refused) && !now.asked) {
        now.asked = send(wire::Again::KIND, nullptr, 0);
    } else if (to_send != next_seq) {
        if (transmit_posted(to_send) && to_send++ == first) sent_at = board_time::now().ms;
    } else if (now.ack_due) {
        send(wire::AckOnly::KIND, nullptr, 0);
    }
}

Counters &counters() { return count; }

}  // namespace link
