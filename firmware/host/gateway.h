// The other end of the wire, for host tests: sends frames into the board and reads what it says.
#pragma once

#include <string.h>

#include <vector>

#include "frame.h"
#include "hal_host.h"
#include "wire.h"

struct Gateway {
    uint8_t seq = 0, expected = 0, acked = 0;
    bool acks = true;
    int agains = 0;  // how often the board asked for a missing frame
    std::vector<wire::Result> results;
    std::vector<wire::InputChanged> changes;
    wire::State state = {};
    wire::Hello hello = {};
    wire::TableResult table = {};
    frame::Decoder decoder;

    Gateway() { decoder.begin(); }

    void raw(uint8_t kind, uint8_t with_seq, const void *payload, uint8_t size) {
        uint8_t bytes[frame::MAX_FRAME];
        const uint8_t count = frame::encode(bytes, kind, with_seq, expected, payload, size);
        host::to_board.insert(host::to_board.end(), bytes, bytes + count);
    }

    template <typename M>
    void send(const M &m) {
        // Not sizeof: an empty message is a byte to C++.
        raw(M::KIND, M::KIND >= wire::FIRST_RELIABLE ? seq++ : 0, &m, wire::payload_size(M::KIND));
    }

    void listen() {
        frame::Frame f;
        for (const uint8_t byte : host::from_board)
            if (decoder.feed(byte, f) == frame::Step::Good) take(f);
        host::from_board.clear();
    }

    // A heartbeat every 100 ms while time passes.
    void live(uint32_t ms, uint32_t step_us = 100) {
        for (uint32_t t = 0; t < ms; t++) {
            if (t % 100 == 0) send(wire::Heartbeat{t});
            host::run_ms(1, step_us);
            listen();
        }
    }

    void connect(uint32_t session = 1) {
        seq = expected = acked = 0;
        send(wire::Connect{session});
        live(1);
    }

    void load(const std::vector<wire::TableEntry> &entries) {
        uint32_t crc = frame::CRC_START;
        for (const wire::TableEntry &e : entries) {
            send(e);
            crc = frame::crc_add(crc, &e, sizeof e);
            live(1);
        }
        send(wire::TableCommit{uint8_t(entries.size()), entries.empty() ? 0 : uint32_t(~crc)});
        live(1);
    }

    void ready(const std::vector<wire::TableEntry> &entries) {
        connect();
        load(entries);
        send(wire::Arm{1});
        live(1);
    }

    wire::RunStatus last(uint32_t id) const {
        wire::RunStatus status = wire::RunStatus::UnknownId;
        for (const wire::Result &r : results)
            if (r.id == id) status = wire::RunStatus(r.status);
        return status;
    }

   private:
    template <typename M>
    static M as(const frame::Frame &f) {
        M m;
        memcpy(&m, f.payload, sizeof m);
        return m;
    }

    void take(const frame::Frame &f) {
        if (f.kind != wire::Hello::KIND) acked = f.ack;
        if (f.kind >= wire::FIRST_RELIABLE) {
            if (!acks) return;
            const bool fresh = f.seq == expected;
            if (fresh) expected++;
            raw(wire::AckOnly::KIND, 0, nullptr, 0);
            if (!fresh) return;
        }
        if (f.kind == wire::Again::KIND) agains++;
        if (f.kind == wire::Result::KIND) results.push_back(as<wire::Result>(f));
        if (f.kind == wire::InputChanged::KIND) changes.push_back(as<wire::InputChanged>(f));
        if (f.kind == wire::State::KIND) state = as<wire::State>(f);
        if (f.kind == wire::Hello::KIND) hello = as<wire::Hello>(f);
        if (f.kind == wire::TableResult::KIND) table = as<wire::TableResult>(f);
    }
};

inline wire::TableEntry output(uint8_t index, uint8_t pin, uint32_t max_on_ms = 1000, uint32_t rest_ms = 0) {
    return {index, uint8_t(wire::ChannelKind::Pulse), pin, 0, 0, 0, max_on_ms, rest_ms, 0, 0, 0, 0, 0};
}

inline wire::TableEntry contact(uint8_t index, uint8_t pin, wire::ChannelKind kind, uint16_t debounce_ms = 10) {
    return {index, uint8_t(kind), pin, wire::ChannelFlag::PullUp, 0, 0, 0, 0, 0, 0, debounce_ms, 0, 0};
}
