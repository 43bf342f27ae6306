#include "recent.h"

#include "hal.h"

namespace recent {
namespace {

using wire::RunStatus;

// A reset may strike between any two stores. `mark` holds the status in its low half and a check of the id
// in its high half: an entry counts only while they agree, and its status changes in a single store.
struct __attribute__((packed)) Entry {
    uint32_t id;
    volatile uint8_t mark;
};

Entry entries[wire::RECENT_IDS] KEPT_OVER_RESET;
uint8_t newest KEPT_OVER_RESET;

static_assert((wire::RECENT_IDS & (wire::RECENT_IDS - 1)) == 0, "indices wrap by a mask");
static_assert(wire::RECENT_IDS > wire::MAX_CHANNELS + 1, "there is always one that is not running");
static_assert(uint8_t(RunStatus::UnknownId) == 15, "a status fits half a byte, and the last one says unused");

uint8_t check_of(uint32_t id) {
    const uint8_t folded = id ^ (id >> 8) ^ (id >> 16) ^ (id >> 24);
    return ((folded << 4) ^ folded ^ 0xA0) & 0xF0;
}

RunStatus status_of(const Entry &entry) { return RunStatus(entry.mark & 0x0F); }

void set(Entry &entry, RunStatus status) { entry.mark = check_of(entry.id) | uint8_t(status); }

}  // namespace

void begin(bool kept) {
    newest &= wire::RECENT_IDS - 1;
    for (Entry &entry : entries) {
        if (!kept || (entry.mark & 0xF0) != check_of(entry.id))
            set(entry, RunStatus::UnknownId);
        else if (status_of(entry) == RunStatus::Started)
            set(entry, RunStatus::Reset);
    }
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
    do {
        newest = (newest + 1) & (wire::RECENT_IDS - 1);
    } while (status_of(entries[newest]) == RunStatus::Started);
    Entry &entry = entries[newest];
    set(entry, RunStatus::UnknownId);  // volatile stores keep their order, and the compiler keeps `id` between
    asm volatile("" ::: "memory");
    entry.id = id;
    asm volatile("" ::: "memory");
    set(entry, status);
    return newest;
}

void settle(uint8_t place, RunStatus status) { set(entries[place], status); }

uint32_t id(uint8_t place) { return entries[place].id; }

RunStatus status(uint8_t place) { return status_of(entries[place]); }

}  // namespace recent
