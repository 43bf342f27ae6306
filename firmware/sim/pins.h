/* Arduino pin names to AVR ports, for the boards we simulate. */
#pragma once

#include <stdbool.h>

struct pin {
    char port; /* 'A' to 'L' */
    int bit;
};

struct board {
    const char *name;   /* "uno", "mega" */
    const char *mcu;    /* simavr's name */
    int digital;        /* D0 to Dn-1; analog inputs follow as A0... */
    int analog;
    const struct pin *pins;
};

const struct board *board_named(const char *name);

/* "D5" or "A0" to an index into pins, or -1. */
int pin_named(const struct board *board, const char *name);

/* The name of pin `index`, in a static buffer. */
const char *pin_name(const struct board *board, int index);
