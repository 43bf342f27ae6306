#include "store.h"

#include <string.h>

#include "frame.h"
#include "hal.h"
#include "table.h"

namespace store {
namespace {

// A record in the EEPROM is Head, data. Its CRC covers all behind it and is written last.
// The table has two places, written in turn: the valid one with the newer serial counts.
struct __attribute__((packed)) Head {
    uint32_t crc;
    uint8_t serial, count;
    uint32_t table_crc;  // as the gateway knows it; 0 in the id's record
};
constexpr uint8_t CRC = sizeof(uint32_t);
constexpr uint8_t ENTRY = sizeof(wire::TableEntry);
constexpr uint16_t TABLE_SIZE = sizeof(Head) + wire::MAX_CHANNELS * ENTRY;
constexpr uint16_t ID_AT = 0;
constexpr uint16_t TABLE_AT = 32;
static_assert(ID_AT + sizeof(Head) + ID_SIZE <= TABLE_AT, "the id's record ends before the first table");
static_assert(TABLE_AT + 2 * TABLE_SIZE <= hal::EEPROM_SIZE, "both tables fit the Uno");

constexpr uint16_t table_at(uint8_t which) { return which ? TABLE_AT + TABLE_SIZE : TABLE_AT; }

char id[ID_SIZE];

enum class What : uint8_t { Nothing, Id, Table };
struct {
    What what;
    uint16_t done;  // bytes written: all behind the CRC first, the CRC last
    uint32_t crc;
} writing;
bool id_waiting, table_waiting;

uint8_t place;  // of the newest good table
Head newest;    // its head; all 0 without one

void read(uint16_t at, void *data, uint8_t size) {
    uint8_t *out = static_cast<uint8_t *>(data);
    while (size--) *out++ = hal::eeprom_read(at++);
}

// Whether there is a good record of at most `most` entries of `size` bytes.
bool find(uint16_t at, uint8_t size, uint8_t most, Head &head) {
    read(at, &head, sizeof head);
    if (head.count > most) return false;
    uint32_t crc = frame::CRC_START;
    const uint16_t end = at + sizeof head + uint16_t(size) * head.count;
    for (at += CRC; at != end; at++) crc = frame::crc_add(crc, hal::eeprom_read(at));
    return uint32_t(~crc) == head.crc;
}

// Byte `i` of the record being written, counted from behind its CRC.
uint8_t byte_of_record(uint16_t i) {
    const bool is_id = writing.what == What::Id;
    const Head head = {0, uint8_t(is_id ? 0 : newest.serial + 1), is_id ? uint8_t(1) : table::count(),
                       is_id ? 0 : table::crc()};
    i += CRC;
    if (i < sizeof head) return reinterpret_cast<const uint8_t *>(&head)[i];
    i -= sizeof head;
    if (is_id) return id[i];
    const wire::TableEntry entry = table::unpacked(i / ENTRY);
    return reinterpret_cast<const uint8_t *>(&entry)[i % ENTRY];
}

void start() {
    writing.done = 0;
    writing.crc = frame::CRC_START;
    bool &waiting = id_waiting ? id_waiting : table_waiting;
    writing.what = id_waiting ? What::Id : What::Table;
    waiting = false;
}

void finish() {
    if (writing.what == What::Table) {
        place ^= 1;
        newest.serial++;
        newest.count = table::count();
        newest.table_crc = table::crc();
    }
    writing.what = What::Nothing;
}

// A write costs as much as its 3.4 ms and its life of 100 000 times: only where something changes.
void put(uint16_t address, uint8_t byte) {
    if (hal::eeprom_read(address) != byte) hal::eeprom_write(address, byte);
}

}  // namespace

void begin() {
    writing.what = What::Nothing;
    id_waiting = table_waiting = false;
    Head head;
    if (find(ID_AT, ID_SIZE, 1, head) && head.count)
        read(ID_AT + sizeof head, id, ID_SIZE);
    else
        memset(id, 0, ID_SIZE);

    const bool first = find(table_at(0), ENTRY, wire::MAX_CHANNELS, newest);
    const bool second = find(table_at(1), ENTRY, wire::MAX_CHANNELS, head);
    place = second && !(first && int8_t(newest.serial - head.serial) > 0);
    if (place) newest = head;
    if (!first && !second) memset(&newest, 0, sizeof newest);
}

uint8_t table_count() { return newest.count; }

uint32_t table_crc() { return newest.table_crc; }

void table_entry(uint8_t index, wire::TableEntry &entry) {
    read(table_at(place) + sizeof(Head) + index * ENTRY, &entry, ENTRY);
}

const char *board_id() { return id; }

void save_id(const char *new_id) {
    memcpy(id, new_id, ID_SIZE);
    id_waiting = true;
    if (writing.what == What::Id) writing.what = What::Nothing;  // from the beginning
}

void forget_table() {
    table_waiting = false;
    if (writing.what == What::Table) writing.what = What::Nothing;
}

void save_table() {
    forget_table();
    table_waiting = table::crc() != newest.table_crc;
}

bool busy() { return writing.what != What::Nothing || id_waiting || table_waiting; }

void tick() {
    if (!busy() || !hal::eeprom_ready()) return;
    if (writing.what == What::Nothing) start();
    const bool is_id = writing.what == What::Id;
    const uint16_t at = is_id ? ID_AT : table_at(place ^ 1);
    const uint16_t covered = sizeof(Head) - CRC + (is_id ? ID_SIZE : table::count() * ENTRY);
    if (writing.done < covered) {
        const uint8_t byte = byte_of_record(writing.done);
        writing.crc = frame::crc_add(writing.crc, byte);
        put(at + CRC + writing.done, byte);
    } else {
        const uint8_t i = writing.done - covered;
        put(at + i, uint8_t(~writing.crc >> (8 * i)));
        if (i == CRC - 1) return finish();
    }
    writing.done++;
}

}  // namespace store
