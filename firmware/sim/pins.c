#include "pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pin uno_pins[] = {
    {'D', 0}, {'D', 1}, {'D', 2}, {'D', 3}, {'D', 4}, {'D', 5}, {'D', 6}, {'D', 7},
    {'B', 0}, {'B', 1}, {'B', 2}, {'B', 3}, {'B', 4}, {'B', 5},
    {'C', 0}, {'C', 1}, {'C', 2}, {'C', 3}, {'C', 4}, {'C', 5},
};

static const struct pin mega_pins[] = {
    {'E', 0}, {'E', 1}, {'E', 4}, {'E', 5}, {'G', 5}, {'E', 3}, {'H', 3}, {'H', 4}, {'H', 5}, {'H', 6},
    {'B', 4}, {'B', 5}, {'B', 6}, {'B', 7}, {'J', 1}, {'J', 0}, {'H', 1}, {'H', 0}, {'D', 3}, {'D', 2},
    {'D', 1}, {'D', 0}, {'A', 0}, {'A', 1}, {'A', 2}, {'A', 3}, {'A', 4}, {'A', 5}, {'A', 6}, {'A', 7},
    {'C', 7}, {'C', 6}, {'C', 5}, {'C', 4}, {'C', 3}, {'C', 2}, {'C', 1}, {'C', 0}, {'D', 7}, {'G', 2},
    {'G', 1}, {'G', 0}, {'L', 7}, {'L', 6}, {'L', 5}, {'L', 4}, {'L', 3}, {'L', 2}, {'L', 1}, {'L', 0},
    {'B', 3}, {'B', 2}, {'B', 1}, {'B', 0},
    {'F', 0}, {'F', 1}, {'F', 2}, {'F', 3}, {'F', 4}, {'F', 5}, {'F', 6}, {'F', 7},
    {'K', 0}, {'K', 1}, {'K', 2}, {'K', 3}, {'K', 4}, {'K', 5}, {'K', 6}, {'K', 7},
};

static const struct board boards[] = {
    {"uno", "atmega328p", 14, 6, uno_pins},
    {"mega", "atmega2560", 54, 16, mega_pins},
};

const struct board *board_named(const char *name)
{
    for (unsigned i = 0; i < sizeof boards / sizeof *boards; i++)
        if (!strcmp(boards[i].name, name)) return &boards[i];
    return NULL;
}

int pin_named(const struct board *board, const char *name)
{
    char *end;
    if (name[0] != 'D' && name[0] != 'A') return -1;
    const long number = strtol(name + 1, &end, 10);
    if (end == name + 1 || *end || number < 0) return -1;
    if (name[0] == 'D') return number < board->digital ? (int)number : -1;
    return number < board->analog ? board->digital + (int)number : -1;
}

const char *pin_name(const struct board *board, int index)
{
    static char name[8];
    const bool analog = index >= board->digital;
    snprintf(name, sizeof name, "%c%d", analog ? 'A' : 'D', analog ? index - board->digital : index);
    return name;
}
