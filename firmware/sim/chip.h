/* The simulated chip: its pins as lines of text, its resets, its time. */
#pragma once

#include <stdbool.h>

#include <sim_avr.h>

#include "pins.h"

enum { MHZ = 16 };

extern const struct board *board;
extern avr_t *avr;

/* Loads the ELF and powers on; false when there is no such file. */
bool chip_start(const struct board *which, const char *elf);

unsigned long long chip_cycles(void); /* since power-on, counting on over resets */
void chip_run_until(unsigned long long cycle);
bool chip_crashed(void);

void chip_reset(const char *cause); /* "pin", "power" */
void chip_boot_at(uint32_t address); /* the fuses say that resets begin there */
void chip_hang(void);               /* the program stops; only the watchdog still counts */
bool chip_spoil(long address, int mask); /* turns bits of a byte of RAM around; false: no RAM is there */
void chip_input(int pin, bool level);
void chip_pull(int pin, bool level); /* what holds a pin that nobody drives */

avr_io_t *chip_part(const char *kind, char name);
