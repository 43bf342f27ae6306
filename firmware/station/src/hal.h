// The border between the portable core and a board. hal_avr.cpp is the Uno, Nano and Mega 2560;
// host/hal_host.cpp the one the host tests play with. Nothing here waits.
#pragma once

#include <stdint.h>

#include "wire.h"

// RAM that keeps its content over a reset (not over a power cut).
#ifdef __AVR__
#define KEPT_OVER_RESET __attribute__((section(".noinit")))
#else
#define KEPT_OVER_RESET __attribute__((section("kept_ram")))
#endif

namespace hal {

void begin();
wire::BoardKind board_kind();
wire::Boot boot_reason();  // Unknown where the bootloader does not let us know

uint32_t micros();        // wraps after 71 minutes, in steps of 4
void feed_watchdog();     // the board resets when this is not called for 250 ms
void rest();              // until the next interrupt, about 1 ms at most; returns at once when a byte waits
uint16_t free_ram();      // bytes that the stack has never reached since boot

bool receive(uint8_t &byte);  // one byte from the wire, if there is one
uint16_t lost_bytes();        // received while there was no room, since boot
uint8_t send_room();
void send(const uint8_t *bytes, uint8_t count);  // no more than send_room()

bool is_digital_pin(uint8_t pin);   // one a channel may use: not the wire's own 0 and 1
bool has_led(uint8_t pin);          // pin 13: its LED pulls a weak input low, so it cannot be a stop input
void drive(uint8_t pin, bool high); // sets the level first, then makes it an output: no blip
bool driven_high(uint8_t pin);      // read back from the port
void listen(uint8_t pin, bool pull_up);
bool read(uint8_t pin);
// Ends whatever drives it: a servo's train, a tone, and pwm unless it is `for_pwm`, which then goes on unbroken.
void claim(uint8_t pin, bool for_pwm = false);

constexpr uint8_t NO_TIMER = 255;
constexpr uint8_t SERVO_TIMER = 1;  // whose pwm pins cannot be used beside a servo
constexpr uint8_t TONE_TIMER = 2;   // or beside a tone
uint8_t timer_of(uint8_t pin);      // NO_TIMER: it knows no pwm
void pwm(uint8_t pin, uint8_t duty);
uint8_t pwm_duty(uint8_t pin);      // read back from the timer

constexpr uint8_t SERVOS = 8;           // as many as fit one after the other into 20 ms
void servo(uint8_t pin, uint16_t us);   // a pulse of that length every 20 ms; 0: none after the one under way
bool servo_on(uint8_t pin);

void tone(uint8_t pin, uint16_t hz);    // a square wave, on one pin at a time; 0: ends
bool tone_on(uint8_t pin);

bool is_analog_pin(uint8_t pin);
void analog_start(uint8_t pin);         // begins a conversion of 0.1 ms
bool analog_ready();
uint16_t analog_value();                // 0 to 1023

constexpr uint16_t EEPROM_SIZE = 1024;
uint8_t eeprom_read(uint16_t address);  // only while eeprom_ready()
bool eeprom_ready();
void eeprom_write(uint16_t address, uint8_t value);  // begins a write of 3.4 ms; only while eeprom_ready()

}  // namespace hal
