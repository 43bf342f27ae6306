#include "store.h"

#include <string.h>

#include "frame.h"
#include "hal.h"

namespace store {
namespace {

// A record in the EEPROM is crc32, serial, count, data. The CRC covers all behind it and is written last.
// The table has two places, written in turn: the valid one with the newer serial counts.
struct __attribute__((packed)) Head {
    uint32_t crc;
    uint8_t serial, count;
};
constexpr uint8_t CRC = sizeof(uint32_t);
constexpr uint8_t ENTRY = sizeof(wire::TableEntry);
constexpr uint16_t TABLE_SIZE = sizeof(Head) + wire::MAX_CHANNELS * ENTRY;
constexpr uint16_t ID_AT = 0;
constexpr uint16_t TABLE_AT = 32;
static_assert(ID_AT + sizeof(Head) + ID_SIZE <= TABLE_AT, "the id's record ends before the first table");
static_assert(TABLE_AT + 2 * TABLE_SIZE <= hal::EEPROM_SIZE, "both tables fit the Uno");

constexpr uint16_t table_at(uint8_t which) { return which ? TABLE_AT + TABLE_SIZE : TABLE_AT; }

struct Writing {
    const uint8_t *data;  // null: nothing to write
    uint16_t at;
    uint16_t size;  // of the data
    uint16_t done;  // bytes written: serial, count and data first, the CRC last
    uint32_t crc;
    uint8_t serial, count;
} writing;

const char *id_waiting;
const wire::TableEntry *table_waiting;
uint8_t count_waiting;
uint32_t crc_waiting;

uint32_t stored_crc;  // the newest valid table's, 0 for none
uint8_t serial;
uint8_t place;

bool load(uint16_t at, uint8_t entry, uint8_t most, void *data, Head &head) {
    uint8_t *out = reinterpret_cast<uint8_t *>(&head);
    for (uint8_t i = 0; i < sizeof head; i++) out[i] = hal::eeprom_read(at + i);
    if (head.count > most) return false;
    uint32_t crc = frame::crc_add(frame::CRC_START, &head.serial, sizeof head - CRC);
    out = static_cast<uint8_t *>(data);
    for (uint16_t i = 0; i < uint16_t(entry) * head.count; i++) {
        out[i] = hal::eeprom_read(at + sizeof head + i);
        crc = frame::crc_add(crc, out[i]);
    }
    return uint32_t(~crc) == head.crc;
}

bool load_table(uint8_t from, wire::TableEntry *entries, Head &head) {
    return load(table_at(from), ENTRY, wire::MAX_CHANNELS, entries, head);
}

void start() {
    writing.done = 0;
    writing.crc = frame::CRC_START;
    if (id_waiting) {
        writing.data = reinterpret_cast<const uint8_t *>(id_waiting);
        writing.at = ID_AT;
        writing.size = ID_SIZE;
        writing.count = 1;
        writing.serial = 0;
        id_waiting = nullptr;
    } else {
        writing.data = reinterpret_cast<const uint8_t *>(table_waiting);
        writing.at = table_at(place ^ 1);
        writing.size = count_waiting * ENTRY;
        writing.count = count_waiting;
        writing.serial = serial + 1;
        table_waiting = nullptr;
    }
}

void finish() {
    writing.data = nullptr;
    if (writing.at == ID_AT) return;
    place ^= 1;
    serial = writing.serial;
    stored_crc = crc_waiting;
}

// A write costs as much as its 3.4 ms and its life of 100 000 times: only where something changes.
void put(uint16_t address, uint8_t byte) {
    if (hal::eeprom_read(address) != byte) hal::eeprom_write(address, byte);
}

}  // namespace

uint8_t begin(char *id, wire::TableEntry *entries, uint32_t &table_crc) {
    writing.data = nullptr;
    id_waiting = nullptr;
    table_waiting = nullptr;
    Head head;
    if (!load(ID_AT, ID_SIZE, 1, id, head) || head.count != 1) memset(id, 0, ID_SIZE);

    Head other;
    const bool second = load_table(1, entries, other);
    const bool first = load_table(0, entries, head);
    place = second && !(first && int8_t(head.serial - other.serial) > 0);
    if (place) load_table(1, entries, head);
    serial = head.serial;
    const uint8_t count = first || second ? head.count : 0;
    table_crc = count ? ~frame::crc_add(frame::CRC_START, entries, count * ENTRY) : 0;
    stored_crc = table_crc;
    return count;
}

void save_id(const char *id) { id_waiting = id; }

void save_table(const wire::TableEntry *entries, uint8_t count, uint32_t table_crc) {
    if (table_crc == stored_crc) return;
    table_waiting = entries;
    count_waiting = count;
    crc_waiting = table_crc;
}

void forget_table() {
    table_waiting = nullptr;
    if (writing.at != ID_AT) writing.data = nullptr;
}

bool busy() { return writing.data || id_waiting || table_waiting; }

void tick() {
    if (!busy() || !hal::eeprom_ready()) return;
    if (!writing.data) start();
    const uint16_t covered = sizeof(Head) - CRC + writing.size;
    if (writing.done < covered) {
        const uint16_t i = writing.done;
        const uint8_t byte = i == 0 ? writing.serial : i == 1 ? writing.count : writing.data[i - 2];
        writing.crc = frame::crc_add(writing.crc, byte);
        put(writing.at + CRC + i, byte);
    } else {
        const uint8_t i = writing.done - covered;
        put(writing.at + i, uint8_t(~writing.crc >> (8 * i)));
        if (i == CRC - 1) finish();
    }
    writing.done++;
}

}  // namespace store
