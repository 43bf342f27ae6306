// The link: sequence numbers, cumulative acknowledgement, delivery in order, repetition. One session at a time.
#pragma once

#include <stdint.h>

#include "frame.h"
#include "wire.h"

namespace link {

// What one reliable frame from the gateway may make us answer, at most; none is taken without this room.
constexpr uint8_t ROOM_PER_FRAME = 2;

struct Counters {
    uint32_t frames, bad_frames, repeats;
};

// Statistics are too long to wait in RAM: they are posted empty and gathered whenever they are sent.
using Gather = void (*)(wire::Stats &);
constexpr uint8_t MAX_POSTED = sizeof(wire::InputChanged);

void begin(Gather gather);
void connect();  // a new session: both directions start again at seq 0

void acknowledged(uint8_t ack);
void again();    // the gateway misses a frame
void damaged();  // something came that was no frame: maybe a reliable one

// A reliable frame's number. True: it is the next one, the board is `ready` and its answers have room, so it is
// carried out now. Anything else is a duplicate, or will come again.
bool take(uint8_t seq, bool ready);

uint8_t room();  // reliable messages that may still be posted
void post(uint8_t kind, const void *payload, uint8_t size);

// Sends an unreliable message; false when the wire has no room now.
bool send(uint8_t kind, const void *payload, uint8_t size);

// Repeats, acknowledges, sends one frame at most; `ready` as in take().
void tick(bool ready);
Counters &counters();

}  // namespace link
