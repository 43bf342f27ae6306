// libFuzzer on the board's frame input: whatever bytes come, nothing crashes and no output leaves its limits.
//
// An input is a script; each operation begins with a byte:
//   0 to 63     that many milliseconds pass, and one
//   64 to 127   so many bytes, from one on, go over the wire as they are
//   128         a heartbeat and 20 ms
//   129         all that a well-meaning gateway does to get going
//   130         a reset
//   131 to 255  a kind and its payload, framed and numbered as it should be
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "monitor.h"
#include "venue.h"

namespace {

constexpr size_t LONGEST = 2000;

void broken(const std::string &what) {
    fprintf(stderr, "%s\n", what.c_str());
    abort();
}

class Script {
   public:
    Script(const uint8_t *data, size_t size) : next_(data), left_(size < LONGEST ? size : LONGEST) {}

    void play() {
        host::factory_new();
        host::on_drive = [this](uint8_t pin) { monitor_.look(pin); };
        say(wire::Connect{1});
        uint32_t crc = frame::CRC_START;
        for (const wire::TableEntry &e : one_of_everything()) {
            say(e);
            crc = frame::crc_add(crc, &e, sizeof e);
        }
        say(wire::TableCommit{uint8_t(one_of_everything().size()), uint32_t(~crc)});
        say(wire::Arm{1});
        while (left_) operation(take());
        pass(wire::LEASE_MS + 20);  // silence: all of it must come to rest
        if (channels::energised()) broken("something is on without a gateway");
        host::on_drive = nullptr;
    }

   private:
    uint8_t take() {
        if (!left_) return 0;
        left_--;
        return *next_++;
    }

    void pass(uint32_t ms) {
        while (ms--) {
            host::run_ms(1, 500);
            monitor_.look();
            gateway_.listen();
        }
    }

    template <typename M>
    void say(const M &m) {
        gateway_.send(m);
        pass(1);
        gateway_.seq = gateway_.acked;  // what was not taken is forgotten, and the next one in order
    }

    void operation(uint8_t op) {
        if (op < 64) return pass(op + 1);
        if (op < 128) {
            for (uint8_t n = op - 63; n && left_; n--) host::to_board.push_back(take());
            return pass(1);
        }
        switch (op) {
        case 128:
            say(wire::Heartbeat{host::us});
            return pass(20);
        case 129:
            host::pins[16].outside = false;
            gateway_.seq = gateway_.expected = gateway_.acked = 0;
            say(wire::Connect{host::us});
            say(wire::Heartbeat{1});
            say(wire::ResetStop{gateway_.state.trip});
            return say(wire::Arm{1});
        case 130: return host::restart(wire::Boot::Watchdog);
        default: return framed();
        }
    }

    void framed() {
        const uint8_t kind = take();
        const uint8_t size = wire::payload_size(kind);
        if (size == wire::UNKNOWN_KIND) return;
        uint8_t payload[frame::MAX_PAYLOAD];
        for (uint8_t i = 0; i < size; i++) payload[i] = take();
        gateway_.raw(kind, kind >= wire::FIRST_RELIABLE ? gateway_.seq : 0, payload, size);
        pass(1);
        gateway_.seq = gateway_.acked;
    }

    const uint8_t *next_;
    size_t left_;
    Gateway gateway_;
    Monitor monitor_{broken};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Script(data, size).play();
    return 0;
}
