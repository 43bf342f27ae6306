#include "hal_host.h"

#include <string.h>

#include "station.h"

namespace host {

uint32_t us;
Pin pins[70];
uint8_t eeprom[hal::EEPROM_SIZE];
int writes_left = -1;
wire::Boot boot;
std::vector<uint8_t> to_board, from_board;
std::function<void(uint8_t)> on_drive;

namespace {
uint32_t eeprom_busy_until;
}

void restart(wire::Boot why) {
    boot = why;
    for (Pin &pin : pins) pin.output = pin.level = false;
    if (on_drive)
        for (uint8_t i = 0; i < 70; i++) on_drive(i);
    to_board.clear();
    from_board.clear();
    eeprom_busy_until = us;
    station::begin();
}

void factory_new() {
    memset(eeprom, 0xFF, sizeof eeprom);
    for (Pin &pin : pins) pin.outside = false;
    writes_left = -1;
    on_drive = nullptr;
    us = 0;
    restart(wire::Boot::PowerOn);
}

void run_ms(uint32_t ms, uint32_t step_us) {
    for (uint64_t left = uint64_t(ms) * 1000; left >= step_us; left -= step_us) {
        us += step_us;
        station::pass();
    }
}

}  // namespace host

namespace hal {

void begin() {}
wire::BoardKind board_kind() { return wire::BoardKind::Virtual; }
wire::Boot boot_reason() { return host::boot; }
uint32_t micros() { return host::us; }
void feed_watchdog() {}
void rest() {}
uint16_t free_ram() { return 1000; }

bool receive(uint8_t &byte) {
    if (host::to_board.empty()) return false;
    byte = host::to_board.front();
    host::to_board.erase(host::to_board.begin());
    return true;
}

uint8_t send_room() { return 63; }

void send(const uint8_t *bytes, uint8_t count) {
    host::from_board.insert(host::from_board.end(), bytes, bytes + count);
}

bool is_digital_pin(uint8_t pin) { return pin >= 2 && pin < 70; }
bool has_led(uint8_t pin) { return pin == 13; }

void drive(uint8_t pin, bool high) {
    host::pins[pin].level = high;
    host::pins[pin].output = true;
    if (host::on_drive) host::on_drive(pin);
}

bool driven_high(uint8_t pin) { return host::pins[pin].level; }
void listen(uint8_t pin, bool) { host::pins[pin].output = false; }
bool read(uint8_t pin) { return host::pins[pin].outside; }

uint8_t eeprom_read(uint16_t address) { return host::eeprom[address]; }
bool eeprom_ready() { return int32_t(host::us - host::eeprom_busy_until) >= 0; }

void eeprom_write(uint16_t address, uint8_t value) {
    host::eeprom_busy_until = host::us + 3400;
    if (host::writes_left == 0) return;
    if (host::writes_left > 0) host::writes_left--;
    host::eeprom[address] = value;
}

}  // namespace hal
