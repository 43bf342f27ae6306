// Golden frames, and a decoder that finds its way back after anything.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "frame.h"

extern const char *golden_frames;

namespace {

std::vector<uint8_t> unhex(const char *text) {
    std::vector<uint8_t> bytes;
    for (; text[0] && text[1]; text += 2) bytes.push_back(strtoul(std::string(text, 2).c_str(), nullptr, 16));
    return bytes;
}

frame::Step feed(frame::Decoder &decoder, const std::vector<uint8_t> &bytes, frame::Frame &f) {
    frame::Step step = frame::Step::More;
    for (const uint8_t byte : bytes) step = decoder.feed(byte, f);
    return step;
}

// Calls `good(frame, kind, seq, ack, payload)` or `bad(frame)` for each line; returns how many.
template <typename Good, typename Bad>
int each_vector(Good good, Bad bad) {
    FILE *file = fopen(golden_frames, "r");
    CHECK(file);
    if (!file) return 0;
    char what[8], hex[2048], payload[256];
    int kind, seq, ack, count = 0;
    while (fscanf(file, "%7s %2047s", what, hex) == 2) {
        count++;
        if (!strcmp(what, "bad")) {
            bad(unhex(hex));
            continue;
        }
        CHECK(fscanf(file, "%d %d %d %255s", &kind, &seq, &ack, payload) == 4);
        good(unhex(hex), kind, seq, ack, strcmp(payload, "-") ? unhex(payload) : std::vector<uint8_t>());
    }
    fclose(file);
    return count;
}

}  // namespace

TEST(every_golden_frame_reads_and_writes_as_python_does) {
    frame::Decoder decoder;
    decoder.begin();
    const int count = each_vector(
        [&](const std::vector<uint8_t> &bytes, int kind, int seq, int ack, const std::vector<uint8_t> &payload) {
            frame::Frame f = {};
            CHECK(feed(decoder, bytes, f) == frame::Step::Good);
            CHECK(f.kind == kind && f.seq == seq && f.ack == ack && f.size == payload.size());
            CHECK(std::equal(payload.begin(), payload.end(), f.payload));
            uint8_t out[frame::MAX_FRAME];
            const uint8_t size = frame::encode(out, kind, seq, ack, payload.data(), payload.size());
            CHECK(size == bytes.size() && !memcmp(out, bytes.data(), size));
        },
        [](const std::vector<uint8_t> &) {});
    CHECK(count > 20);
}

TEST(every_bad_frame_is_refused_and_the_next_good_one_is_read) {
    frame::Decoder decoder;
    decoder.begin();
    int count = 0;
    each_vector([](const std::vector<uint8_t> &, int, int, int, const std::vector<uint8_t> &) {},
                [&](std::vector<uint8_t> bytes) {
                    frame::Frame f;
                    bytes.push_back(wire::DELIMITER);
                    CHECK(feed(decoder, bytes, f) == frame::Step::Bad);
                    uint8_t out[frame::MAX_FRAME];
                    const uint8_t size = frame::encode(out, wire::AckOnly::KIND, 0, 0, nullptr, 0);
                    CHECK(feed(decoder, std::vector<uint8_t>(out, out + size), f) == frame::Step::Good);
                    count++;
                });
    CHECK(count > 8);
}

TEST(no_single_bit_error_is_read_as_a_frame) {
    const uint8_t payload[12] = {1, 0, 0, 0, 0, 255, 200, 0, 0, 0, 0, 0};
    uint8_t bytes[frame::MAX_FRAME];
    const uint8_t size = frame::encode(bytes, wire::Run::KIND, 4, 1, payload, sizeof payload);
    for (int bit = 0; bit < size * 8; bit++) {
        frame::Decoder decoder;
        decoder.begin();
        bytes[bit / 8] ^= 1 << bit % 8;
        frame::Frame f;
        for (int i = 0; i < size; i++) CHECK(decoder.feed(bytes[i], f) != frame::Step::Good);
        bytes[bit / 8] ^= 1 << bit % 8;
    }
}
