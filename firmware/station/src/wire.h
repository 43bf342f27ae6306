// Generated from gateway/drivers/arduino/wire.py by gateway/drivers/arduino/header.py. Do not edit.
#pragma once

#include <stdint.h>

namespace wire {

constexpr uint8_t VERSION = 2;
constexpr uint8_t DELIMITER = 0;
constexpr uint8_t MAX_BODY = 56;
constexpr uint8_t RECEIVE_RING = 63;
constexpr uint8_t FIRST_RELIABLE = 64;
constexpr uint16_t LEASE_MS = 500;
constexpr uint8_t HELLO_MS = 250;
constexpr uint8_t REPEAT_MS = 30;
constexpr uint8_t RECENT_IDS = 32;
constexpr uint8_t MAX_CHANNELS = 16;
constexpr uint8_t MAX_STEPS = 32;
constexpr uint16_t CAPABILITIES = 1022;

enum class BoardKind : uint8_t {
    Virtual = 0,
    Uno = 1,
    Mega = 2,
};

enum class Boot : uint8_t {
    PowerOn = 0,
    ResetPin = 1,
    BrownOut = 2,
    Watchdog = 3,
    Unknown = 4,
};

enum class ChannelKind : uint8_t {
    None = 0,
    Pulse = 1,
    Level = 2,
    Pwm = 3,
    Servo = 4,
    Tone = 5,
    Input = 6,
    Analog = 7,
    Stop = 8,
    Status = 9,
};

enum class RunStatus : uint8_t {
    Started = 0,
    Done = 1,
    Cancelled = 2,
    Stopped = 3,
    NotArmed = 4,
    Busy = 5,
    Resting = 6,
    OverLimit = 7,
    NoChannel = 8,
    NotConfigured = 9,
    Duty = 10,
    Interlock = 11,
    Full = 12,
    LeaseLost = 13,
    Reset = 14,
    UnknownId = 15,
};

namespace ChannelFlag {
constexpr uint8_t ActiveLow = 1;
constexpr uint8_t PullUp = 2;
}

namespace StateFlag {
constexpr uint8_t Armed = 1;
constexpr uint8_t Stopped = 2;
constexpr uint8_t Configured = 4;
constexpr uint8_t StopInput = 8;
}

struct __attribute__((packed)) Hello {
    static constexpr uint8_t KIND = 0x01;
    uint32_t session;
    uint8_t board_kind;
    uint8_t fw_major;
    uint8_t fw_minor;
    uint8_t fw_patch;
    uint8_t boot;
    uint16_t boots;
    uint8_t channels;
    uint32_t table_crc;
    char board_id[16];
    uint16_t capabilities;
};
static_assert(sizeof(Hello) == 34, "as wire.py packs it");

struct __attribute__((packed)) Connect {
    static constexpr uint8_t KIND = 0x02;
    uint32_t session;
};
static_assert(sizeof(Connect) == 4, "as wire.py packs it");

struct __attribute__((packed)) AckOnly {
    static constexpr uint8_t KIND = 0x03;
};

struct __attribute__((packed)) Heartbeat {
    static constexpr uint8_t KIND = 0x04;
    uint32_t gateway_ms;
};
static_assert(sizeof(Heartbeat) == 4, "as wire.py packs it");

struct __attribute__((packed)) State {
    static constexpr uint8_t KIND = 0x05;
    uint32_t gateway_ms;
    uint32_t board_ms;
    uint8_t flags;
    uint16_t outputs;
    uint32_t trip;
};
static_assert(sizeof(State) == 15, "as wire.py packs it");

struct __attribute__((packed)) Stop {
    static constexpr uint8_t KIND = 0x06;
    uint32_t trip;
};
static_assert(sizeof(Stop) == 4, "as wire.py packs it");

struct __attribute__((packed)) Again {
    static constexpr uint8_t KIND = 0x07;
};

struct __attribute__((packed)) ResetStop {
    static constexpr uint8_t KIND = 0x40;
    uint32_t trip;
};
static_assert(sizeof(ResetStop) == 4, "as wire.py packs it");

struct __attribute__((packed)) Arm {
    static constexpr uint8_t KIND = 0x41;
    uint8_t armed;
};
static_assert(sizeof(Arm) == 1, "as wire.py packs it");

struct __attribute__((packed)) TableEntry {
    static constexpr uint8_t KIND = 0x42;
    uint8_t index;
    uint8_t kind;
    uint8_t pin;
    uint8_t flags;
    uint8_t group;
    uint8_t safe;
    uint32_t max_on_ms;
    uint32_t rest_ms;
    uint16_t duty_permille;
    uint16_t duty_window_s;
    uint16_t arg0;
    uint16_t arg1;
    uint16_t arg2;
};
static_assert(sizeof(TableEntry) == 24, "as wire.py packs it");

struct __attribute__((packed)) TableCommit {
    static constexpr uint8_t KIND = 0x43;
    uint8_t count;
    uint32_t crc;
};
static_assert(sizeof(TableCommit) == 5, "as wire.py packs it");

struct __attribute__((packed)) Run {
    static constexpr uint8_t KIND = 0x44;
    uint32_t id;
    uint8_t channel;
    uint8_t level;
    uint32_t on_ms;
    uint16_t arg;
};
static_assert(sizeof(Run) == 12, "as wire.py packs it");

struct __attribute__((packed)) Cancel {
    static constexpr uint8_t KIND = 0x45;
    uint32_t id;
};
static_assert(sizeof(Cancel) == 4, "as wire.py packs it");

struct __attribute__((packed)) Query {
    static constexpr uint8_t KIND = 0x46;
    uint32_t id;
};
static_assert(sizeof(Query) == 4, "as wire.py packs it");

struct __attribute__((packed)) SetId {
    static constexpr uint8_t KIND = 0x47;
    char board_id[16];
};
static_assert(sizeof(SetId) == 16, "as wire.py packs it");

struct __attribute__((packed)) GetStats {
    static constexpr uint8_t KIND = 0x48;
};

struct __attribute__((packed)) Renew {
    static constexpr uint8_t KIND = 0x49;
    uint32_t id;
    uint32_t on_ms;
};
static_assert(sizeof(Renew) == 8, "as wire.py packs it");

struct __attribute__((packed)) PatternStep {
    static constexpr uint8_t KIND = 0x4A;
    uint8_t index;
    uint8_t channel;
    uint8_t level;
    uint16_t on_ms;
    uint16_t wait_ms;
};
static_assert(sizeof(PatternStep) == 7, "as wire.py packs it");

struct __attribute__((packed)) PatternRun {
    static constexpr uint8_t KIND = 0x4B;
    uint32_t id;
    uint8_t count;
    uint8_t repeats;
};
static_assert(sizeof(PatternRun) == 6, "as wire.py packs it");

struct __attribute__((packed)) Result {
    static constexpr uint8_t KIND = 0x60;
    uint32_t id;
    uint8_t status;
    uint32_t board_ms;
};
static_assert(sizeof(Result) == 9, "as wire.py packs it");

struct __attribute__((packed)) TableResult {
    static constexpr uint8_t KIND = 0x61;
    uint8_t ok;
    uint8_t bad_index;
    uint32_t table_crc;
};
static_assert(sizeof(TableResult) == 6, "as wire.py packs it");

struct __attribute__((packed)) InputChanged {
    static constexpr uint8_t KIND = 0x62;
    uint8_t channel;
    uint8_t level;
    uint32_t count;
    uint32_t board_ms;
};
static_assert(sizeof(InputChanged) == 10, "as wire.py packs it");

struct __attribute__((packed)) Stats {
    static constexpr uint8_t KIND = 0x63;
    uint32_t frames;
    uint32_t bad_frames;
    uint32_t repeats;
    uint32_t uptime_ms;
    uint16_t loop_max_us;
    uint16_t free_ram;
    uint16_t boots;
    uint16_t lost_bytes;
};
static_assert(sizeof(Stats) == 24, "as wire.py packs it");

constexpr uint8_t UNKNOWN_KIND = 255;

// Bytes of a message's payload, or UNKNOWN_KIND.
inline uint8_t payload_size(uint8_t kind) {
    if (kind == Hello::KIND) return 34;
    if (kind == Connect::KIND) return 4;
    if (kind == AckOnly::KIND) return 0;
    if (kind == Heartbeat::KIND) return 4;
    if (kind == State::KIND) return 15;
    if (kind == Stop::KIND) return 4;
    if (kind == Again::KIND) return 0;
    if (kind == ResetStop::KIND) return 4;
    if (kind == Arm::KIND) return 1;
    if (kind == TableEntry::KIND) return 24;
    if (kind == TableCommit::KIND) return 5;
    if (kind == Run::KIND) return 12;
    if (kind == Cancel::KIND) return 4;
    if (kind == Query::KIND) return 4;
    if (kind == SetId::KIND) return 16;
    if (kind == GetStats::KIND) return 0;
    if (kind == Renew::KIND) return 8;
    if (kind == PatternStep::KIND) return 7;
    if (kind == PatternRun::KIND) return 6;
    if (kind == Result::KIND) return 9;
    if (kind == TableResult::KIND) return 6;
    if (kind == InputChanged::KIND) return 10;
    if (kind == Stats::KIND) return 24;
    return UNKNOWN_KIND;
}

}  // namespace wire
