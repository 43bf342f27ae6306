#include "recent.h"

#include "hal.h"

namespace recent {
namespace {

using wire::RunStatus;

struct __attribute__((packed)) Entry {
    uint32_t id;
    uint8_t status;
};

Entry entries[wire::RECENT_IDS] KEPT_OVER_RESET;
uint8_t newest KEPT_OVER_RESET;
// Of all that. It is wrong after a reset that struck within a change, and when somebody else wrote into this RAM:
// a bootloader, or a supply that was nearly gone.
uint16_t checksum KEPT_OVER_RESET;

constexpr uint16_t CHECKSUM_START = 0x57A6;  // RAM full of zeros is not whole

static_assert((wire::RECENT_IDS & (wire::RECENT_IDS - 1)) == 0, "indices wrap by a mask");
static_assert(wire::RECENT_IDS > wire::MAX_CHANNELS + 1, "there is always one that is not running");

uint16_t share_of(const Entry &entry) { return uint16_t(entry.id) + uint16_t(entry.id >> 16) + entry.status; }

uint16_t sum() {
    uint16_t all = CHECKSUM_START + newest;
    for (const Entry &entry : entries) all += share_of(entry);
    return all;
}

RunStatus status_of(const Entry &entry) { return RunStatus(entry.status); }

void set(Entry &entry, uint32_t id, RunStatus status) {
    checksum -= share_of(entry);
    entry.id = id;
    entry.status = uint8_t(status);
    checksum += share_of(entry);
    asm volatile("" ::: "memory");  // it is in RAM before a pin changes
}

}  // namespace

bool begin(bool kept) {
    const bool whole = kept && newest < wire::RECENT_IDS && checksum == sum();
    if (!whole) newest = 0;
    for (Entry &entry : entries) {
        if (!whole)
            entry = {0, uint8_t(RunStatus::UnknownId)};
        else if (status_of(entry) == RunStatus::Started)
            entry.status = uint8_t(RunStatus::Reset);
    }
    checksum = sum();
    return whole;
}

RunStatus find(uint32_t id) {
    for (const Entry &entry : entries)
        if (entry.id == id) {
            const RunStatus status = status_of(entry);
            if (status != RunStatus::UnknownId) return status;
        }
    return RunStatus::UnknownId;
}

uint8_t remember(uint32_t id, RunStatus status) {
    checksum -= newest;
    do {
        newest = (newest + 1) & (wire::RECENT_IDS - 1);
    } while (status_of(entries[newest]) == RunStatus::Started);
    checksum += newest;
    set(entries[newest], id, status);
    return newest;
}

void settle(uint8_t place, RunStatus status) { set(entries[place], entries[place].id, status); }

uint32_t id(uint8_t place) { return entries[place].id; }

RunStatus status(uint8_t place) { return status_of(entries[place]); }

}  // namespace recent
