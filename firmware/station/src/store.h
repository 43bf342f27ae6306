// What the EEPROM keeps: the board's id and the channel table, each with a CRC. Writing takes 3.4 ms a byte
// and is done one byte at a time from tick(), so nothing waits; a power cut at any byte leaves the
// previous table in force.
#pragma once

#include <stdint.h>

#include "wire.h"

namespace store {

constexpr uint8_t ID_SIZE = sizeof(wire::SetId::board_id);

// At boot: reads the id and looks for the newest good table.
void begin();
uint8_t table_count();  // 0: there is none
uint32_t table_crc();
void table_entry(uint8_t index, wire::TableEntry &entry);

const char *board_id();

// Both write in the background.
void save_id(const char *id);
void save_table();  // the one in force

// The table in force is about to change; what was half written is given up.
void forget_table();

void tick();
bool busy();

}  // namespace store
