// A board made of variables: the tests play the world around the portable core.
#pragma once

#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "hal.h"

namespace host {

struct Pin {
    bool output, level;     // what the board drives
    bool by_timer;          // a timer drives it: the duty, and not the level, counts
    uint8_t duty;
    uint16_t servo_us;      // 0: no train
    uint16_t tone_hz;       // 0: silent
    bool outside;           // what the world applies to an input
    uint16_t voltage;       // and to an analog one, 0 to 1023

    // What a person would see of it: 0 to 255, or that a servo or a buzzer is at work.
    uint8_t shows() const { return !output ? 0 : servo_us || tone_hz ? 255 : by_timer ? duty : level ? 255 : 0; }
};

extern uint32_t us;
extern Pin pins[70];
extern uint8_t eeprom[hal::EEPROM_SIZE];
extern int writes_left;  // until the power fails: later EEPROM writes are lost. Negative: never
extern wire::Boot boot;
extern std::vector<uint8_t> to_board, from_board;
extern std::function<void(uint8_t pin)> on_drive;

// A board fresh from the factory, powered on.
void factory_new();

// Starts the program again; the RAM that survives a reset keeps its content, unless it is a power-on.
void restart(wire::Boot why);

// Lets time pass in steps of `step_us`, one pass of the program each.
void run_ms(uint32_t ms, uint32_t step_us = 100);

}  // namespace host
