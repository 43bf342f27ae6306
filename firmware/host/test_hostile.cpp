// A gateway that means harm, a line full of noise, and a monitor that knows every limit.
#include <string.h>

#include <random>

#include "check.h"
#include "gateway.h"
#include "monitor.h"
#include "venue.h"

namespace {

void broken(const std::string &what) {
    printf("  %s\n", what.c_str());
    check::failures++;
}

class Hostile {
   public:
    explicit Hostile(uint32_t seed) : dice_(seed) {}

    void play(int rounds) {
        host::factory_new();
        host::on_drive = [this](uint8_t pin) { monitor_.look(pin); };
        for (int i = 0; i < rounds; i++) {
            act();
            const int steps = below(4);
            for (int s = 0; s < steps; s++) {
                host::run_ms(1, below(3) ? 100 : 1000);
                monitor_.look();
            }
            gateway_.listen();
        }
        host::run_ms(3000, 1000);  // silence: all of it must come to rest
        CHECK(channels::energised() == 0);
        host::on_drive = nullptr;
    }

    uint32_t movements() const { return monitor_.movements; }

   private:
    uint32_t below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(dice_); }

    void table() {
        std::vector<wire::TableEntry> entries = one_of_everything();
        entries[0].rest_ms = below(50);
        gateway_.load(entries);
    }

    // All that a well-meaning gateway does to get going, so that there is something to go wrong.
    void get_going() {
        host::pins[16].outside = false;
        gateway_.connect(dice_());
        gateway_.send(wire::ResetStop{gateway_.state.trip});
        gateway_.live(5);
        table();
        gateway_.send(wire::Arm{1});
    }

    void act() {
        gateway_.seq = gateway_.acked;  // what was lost is lost, but the next one is in order
        switch (below(28)) {
        case 0: return below(4) ? get_going() : gateway_.connect(below(3) + 1);
        case 1: return below(4) ? void() : table();
        case 2: return below(8) ? void() : gateway_.send(wire::Stop{below(3)});
        case 3:
        case 4: return gateway_.send(wire::ResetStop{below(3)});
        case 5:
        case 6:
        case 7: return gateway_.send(wire::Arm{uint8_t(below(8) ? 1 : 0)});
        case 8: return gateway_.send(wire::Cancel{below(4) ? below(100) : 0});
        case 9: return gateway_.send(wire::Query{below(100)});
        case 10: return gateway_.send(wire::GetStats{}), void();
        case 11: return noise(below(200));
        case 12: return random_message();
        case 13: host::pins[14].outside = below(2); host::pins[15].voltage = below(1024); return;
        case 14: host::pins[16].outside = below(10) == 0; return;
        case 15:
            if (below(20) == 0) host::restart(wire::Boot(below(5)));
            return;
        case 16: return gateway_.send(wire::Renew{below(400), duration()});
        case 17:
            for (uint8_t i = 0; i < 6; i++) {
                gateway_.send(step(i));
                gateway_.live(1);
            }
            return;
        case 18:
        case 19: return gateway_.send(wire::PatternRun{below(400), uint8_t(below(7)), uint8_t(below(4))});
        default:
            gateway_.send(wire::Heartbeat{below(1000)});
            return gateway_.send(run());
        }
    }

    wire::Run run() {
        const uint16_t arg = below(4) ? 0 : below(300);
        return {below(400), uint8_t(below(11)), uint8_t(below(256)), duration(), arg};
    }

    wire::PatternStep step(uint8_t i) {
        const uint16_t on_ms = below(8) ? below(60) : below(65536);
        return {i, uint8_t(below(11)), uint8_t(below(256)), on_ms, uint16_t(below(100))};
    }

    uint32_t duration() { return below(10) ? below(300) : dice_(); }

    void noise(uint32_t count) {
        while (count--) host::to_board.push_back(below(10) ? below(256) : 0);
    }

    // The right form, any content: kinds, numbers and fields at random.
    void random_message() {
        const uint8_t kind = below(wire::Stats::KIND + 2);
        const uint8_t size = wire::payload_size(kind);
        if (size == wire::UNKNOWN_KIND) return;
        uint8_t payload[64];
        for (uint8_t &byte : payload) byte = below(4) ? below(256) : 0;
        // A table of its own making would have limits of its own, which this monitor does not know.
        if (kind == wire::TableEntry::KIND || kind == wire::TableCommit::KIND) return;
        gateway_.raw(kind, below(2) ? gateway_.seq++ : below(256), payload, size);
    }

    std::mt19937 dice_;
    Gateway gateway_;
    Monitor monitor_{broken};
};

}  // namespace

TEST(no_output_leaves_its_limits_whatever_comes_over_the_wire) {
    uint32_t movements = 0;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        Hostile hostile(seed);
        hostile.play(3000);
        movements += hostile.movements();
    }
    printf("  (%u movements)\n", movements);
    CHECK(movements > 2000);  // or the test tested nothing
}
