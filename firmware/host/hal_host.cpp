#include "hal_host.h"

#include <string.h>

#include "station.h"

extern "C" uint8_t __start_kept_ram, __stop_kept_ram;  // the linker's

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
uint8_t converting;
}  // namespace

static void changed(uint8_t pin) {
    if (on_drive) on_drive(pin);
}

void restart(wire::Boot why) {
    boot = why;
    if (why == wire::Boot::PowerOn) memset(&__start_kept_ram, 0xA5, &__stop_kept_ram - &__start_kept_ram);
    for (Pin &pin : pins) {
        pin.output = pin.level = pin.by_timer = false;
        pin.duty = pin.servo_us = pin.tone_hz = 0;
    }
    if (on_drive)
        for (uint8_t i = 0; i < 70; i++) on_drive(i);
    to_board.clear();
    from_board.clear();
    eeprom_busy_until = us;
    station::begin();
}

void factory_new() {
    memset(eeprom, 0xFF, sizeof eeprom);
    for (Pin &pin : pins) {
        pin.outside = false;
        pin.voltage = 0;
    }
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

uint16_t lost_bytes() { return 0; }

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
    host::changed(pin);
}

bool driven_high(uint8_t pin) { return host::pins[pin].level; }
void listen(uint8_t pin, bool) { host::pins[pin].output = false; }
bool read(uint8_t pin) { return host::pins[pin].outside; }

void claim(uint8_t pin, bool for_pwm) {
    host::Pin &p = host::pins[pin];
    if (!for_pwm) p.by_timer = false;
    p.servo_us = p.tone_hz = 0;
    host::changed(pin);
}

// As on an Uno.
uint8_t timer_of(uint8_t pin) {
    switch (pin) {
    case 5:
    case 6: return 0;
    case 9:
    case 10: return 1;
    case 3:
    case 11: return 2;
    default: return NO_TIMER;
    }
}

void pwm(uint8_t pin, uint8_t duty) {
    host::Pin &p = host::pins[pin];
    p.output = true;
    p.by_timer = duty != 0 && duty != 255;
    p.duty = duty;
    p.level = duty == 255;
    host::changed(pin);
}

uint8_t pwm_duty(uint8_t pin) {
    const host::Pin &p = host::pins[pin];
    return p.by_timer ? p.duty : p.level ? 255 : 0;
}

void servo(uint8_t pin, uint16_t us) {
    host::pins[pin].servo_us = us;
    host::changed(pin);
}

bool servo_on(uint8_t pin) { return host::pins[pin].servo_us; }

void tone(uint8_t pin, uint16_t hz) {
    host::pins[pin].tone_hz = hz;
    host::changed(pin);
}

bool tone_on(uint8_t pin) { return host::pins[pin].tone_hz; }

bool is_analog_pin(uint8_t pin) { return pin >= 14 && pin < 20; }
void analog_start(uint8_t pin) { host::converting = pin; }
bool analog_ready() { return true; }
uint16_t analog_value() { return host::pins[host::converting].voltage; }

uint8_t eeprom_read(uint16_t address) { return host::eeprom[address]; }
bool eeprom_ready() { return int32_t(host::us - host::eeprom_busy_until) >= 0; }

void eeprom_write(uint16_t address, uint8_t value) {
    host::eeprom_busy_until = host::us + 3400;
    if (host::writes_left == 0) return;
    if (host::writes_left > 0) host::writes_left--;
    host::eeprom[address] = value;
}

}  // namespace hal
