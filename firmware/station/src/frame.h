// Frames: COBS(version, kind, seq, ack, payload, crc32) 0x00. See PROTOCOL.md.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace frame {

constexpr uint8_t HEAD = 4;
constexpr uint8_t CRC = 4;
constexpr uint8_t MAX_PAYLOAD = wire::MAX_BODY - HEAD - CRC;
constexpr uint8_t MAX_FRAME = wire::MAX_BODY + 2;  // one COBS code, one delimiter
constexpr uint8_t OVERHEAD = HEAD + CRC + 2;
static_assert(MAX_FRAME <= wire::RECEIVE_RING, "a whole frame fits the receive ring");

#ifdef __AVR__  // no longer than what a gateway says; the host's tests also read what a board says
constexpr uint8_t LONGEST_READ = HEAD + CRC + sizeof(wire::TableEntry);
#else
constexpr uint8_t LONGEST_READ = wire::MAX_BODY;
#endif

constexpr uint32_t CRC_START = 0xFFFFFFFF;

// CRC-32/ISO-HDLC: begin with CRC_START, add bytes, the checksum is the complement.
uint32_t crc_add(uint32_t crc, uint8_t byte);
uint32_t crc_add(uint32_t crc, const void *bytes, uint16_t count);

struct Frame {
    uint8_t kind, seq, ack, size;
    const uint8_t *payload;  // valid until the next byte is fed
};

enum class Step : uint8_t { More, Good, Bad };

// Takes the wire byte by byte; a frame is judged at its delimiter, and whatever came before is forgotten.
class Decoder {
   public:
    void begin();
    Step feed(uint8_t byte, Frame &frame);

   private:
    void put(uint8_t byte);
    Step finish(Frame &frame);

    uint8_t body_[LONGEST_READ];
    uint32_t crc_;
    uint8_t size_;
    uint8_t left_;      // data bytes until the next COBS code
    bool zero_due_;     // the block that ends stands for a zero
    bool any_, broken_;
};

// Writes a whole frame with its delimiter into `out` (MAX_FRAME bytes); returns its length.
uint8_t encode(uint8_t *out, uint8_t kind, uint8_t seq, uint8_t ack, const void *payload, uint8_t size);

}  // namespace frame
