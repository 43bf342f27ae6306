// What the EEPROM keeps: the board's id and the channel table, each with a CRC. Writing takes 3.4 ms a byte
// and is done one byte at a time from tick(), so nothing waits; a power cut at any byte leaves the
// previous table in force.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace store {

constexpr uint8_t ID_SIZE = sizeof(wire::SetId::board_id);

// Reads the id into `id` and the table into `entries`; returns how many entries, 0 without a valid table.
uint8_t begin(char *id, wire::TableEntry *entries, uint32_t &table_crc);

// Both remember the pointer and write in the background; the caller's copy must hold still until then.
void save_id(const char *id);
void save_table(const wire::TableEntry *entries, uint8_t count, uint32_t table_crc);

// The caller's copy is about to change; what was half written is given up.
void forget_table();

void tick();
bool busy();

}  // namespace store
