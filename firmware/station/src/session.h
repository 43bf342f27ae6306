// What the station knows of its gateway and of itself, shared by the loop (station.cpp) and the messages
// (orders.cpp).
#pragma once

#include <stdint.h>

#include "board_time.h"
#include "store.h"
#include "wire.h"

namespace station {

struct Session {
    bool connected;  // a heartbeat of this session came within LEASE_MS
    uint32_t id;
    board_time::Instant heard;
    bool armed;
    uint32_t gateway_ms, gateway_ms_read_at;
    bool hello_due, hello_answers;  // answers: to a Connect, so it repeats the session
    bool naming;                    // a SetId waits for its answer
    bool state_due;
    uint16_t longest_pass_us;
};

extern Session session;
extern char board_id[store::ID_SIZE];

void disarm(wire::RunStatus why);  // everything safe; whatever ran ends as `why`
void stop(uint32_t trip);

}  // namespace station
