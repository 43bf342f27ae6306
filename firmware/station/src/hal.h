// The border between the portable core and a board. hal_avr.cpp is the Uno, Nano and Mega 2560;
// host/hal_host.cpp the one the host tests play with. Nothing here waits.
#pragma once

#include <stdint.h>

#include "wire.h"

// RAM that keeps its content over a reset (not over a power cut).
#ifdef __AVR__
#define KEPT_OVER_RESET __attribute__((section(".noinit")))
#else
#define KEPT_OVER_RESET
#endif

namespace hal {

void begin();
wire::BoardKind board_kind();
wire::Boot boot_reason();

uint32_t micros();        // wraps after 71 minutes
void feed_watchdog();     // the board resets when this is not called for 250 ms
void rest();              // until the next interrupt, about 1 ms at most; returns at once when a byte waits
uint16_t free_ram();

bool receive(uint8_t &byte);  // one byte from the wire, if there is one
uint8_t send_room();
void send(const uint8_t *bytes, uint8_t count);  // no more than send_room()

bool is_digital_pin(uint8_t pin);   // one a channel may use: not the wire's own 0 and 1
bool has_led(uint8_t pin);          // pin 13: its LED pulls a weak input low, so it cannot be a stop input
void drive(uint8_t pin, bool high); // sets the level first, then makes it an output: no blip
bool driven_high(uint8_t pin);      // read back from the port
void listen(uint8_t pin, bool pull_up);
bool read(uint8_t pin);

constexpr uint16_t EEPROM_SIZE = 1024;
uint8_t eeprom_read(uint16_t address);  // only while eeprom_ready()
bool eeprom_ready();
void eeprom_write(uint16_t address, uint8_t value);  // begins a write of 3.4 ms; only while eeprom_ready()

}  // namespace hal
