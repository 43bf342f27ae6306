// What the station knows of its gateway and of itself, shared by the loop (station.cpp) and the messages
// (orders.cpp).
#pragma once

#include <stdint.h>

#include "board_time.h"
#include "wire.h"

namespace station {

struct Session {
    uint32_t id;
    uint32_t heard;  // ms
    uint32_t gateway_ms, gateway_ms_read_at;
    bool connected : 1;  // a heartbeat of this session came within LEASE_MS
    bool armed : 1;
    bool hello_due : 1, hello_answers : 1;  // answers: to a Connect, so it repeats the session
    bool naming : 1;                        // a SetId waits for its answer
    bool state_due : 1;
    uint16_t longest_pass_us;
};

extern Session session;
uint16_t boots();  // resets since power-on

void disarm(wire::RunStatus why);  // everything safe; whatever ran ends as `why`
void stop(uint32_t trip);

}  // namespace station
