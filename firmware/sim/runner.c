/* Runs a station's ELF in an AVR simulator: the wire is a pty, pins are lines of text.
 *
 *   sim BOARD ELF [BOOT]     BOARD is uno or mega; BOOT is where a boot loader begins, which runs after a reset
 *
 * stdout   PORT /dev/pts/7           the wire; again after `plug`. Opening it resets the board, as on a Uno
 *          CLOCK 16000000            cycles a second, for all that follows
 *          <cycle> PIN D5 1          an output's level changed; cycles count on over resets
 *          <cycle> PWM D5 128        a timer drives that output with this duty of 255; 0: it no longer does
 *          <cycle> RESET watchdog    the chip started again, and why: power, pin, watchdog
 *          <cycle> TIME              the answer to `time`; every edge before it has been printed
 *          ERROR <words>             a command that was not understood
 * stdin    in D2 1 | adc 0 2500      a level or millivolts on an input
 *          pull D5 1                 what a released output is held at by its wiring (0 unless told)
 *          reset | power             the reset pin; all power gone and back (RAM lost, EEPROM kept)
 *          spoil 0x5a0 255           turns bits of a byte of RAM around: address, mask
 *          hang                      the program hangs; only the watchdog still counts
 *          freeze | thaw             the whole chip stands still, its watchdog too
 *          unplug | plug             the USB cable; the board itself stays powered
 *          pace 20                   simulated time runs at so many percent of the wall clock's speed (100 unless told)
 *          time                      asks for the cycle
 *          end of file               ends the simulation
 *
 * Simulated time is paced to the wall clock and never runs ahead of it by more than a step. A machine that
 * is too slow makes simulated time fall behind, never jump. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <avr_adc.h>

#include "chip.h"
#include "wire.h"

enum {
    BUSY_STEP_US = 100, /* how far to run between two looks at the wire, while bytes flow */
    IDLE_STEP_US = 2000,
    BEHIND_US = 50000,  /* farther behind the wall clock than this is given up */
};

static bool frozen;
static int64_t pace = 100;

static int64_t wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void command(char *line)
{
    char verb[16] = "", name[16] = "";
    int value = -1;
    const int words = sscanf(line, "%15s %15s %d", verb, name, &value);
    if (!strcmp(verb, "in") || !strcmp(verb, "pull")) {
        const int pin = pin_named(board, name);
        if (words == 3 && pin >= 0 && (value == 0 || value == 1)) {
            if (verb[0] == 'p')
                chip_pull(pin, value);
            else
                chip_input(pin, value);
            return;
        }
    } else if (!strcmp(verb, "adc") && words == 3) {
        const int channel = atoi(name);
        if (channel >= 0 && channel < board->analog) {
            avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), value);
            return;
        }
    } else if (!strcmp(verb, "spoil") && words == 3) {
        if (chip_spoil(strtol(name, NULL, 0), value)) return;
    } else if (!strcmp(verb, "reset")) {
        return chip_reset("pin");
    } else if (!strcmp(verb, "power")) {
        return chip_reset("power");
    } else if (!strcmp(verb, "freeze")) {
        frozen = true;
        return;
    } else if (!strcmp(verb, "pace")) {
        pace = atoi(name) > 0 ? atoi(name) : 100;
        return;
    } else if (!strcmp(verb, "thaw")) {
        frozen = false;
        return;
    } else if (!strcmp(verb, "time")) {
        printf("%llu TIME\n", chip_cycles());
        return;
    } else if (!strcmp(verb, "hang")) {
        return chip_hang();
    } else if (!strcmp(verb, "unplug")) {
        return wire_unplug();
    } else if (!strcmp(verb, "plug")) {
        return wire_plug();
    }
    printf("ERROR not understood: %s\n", line);
}

static bool read_commands(void)
{
    static char buffer[256];
    static size_t size;
    const ssize_t count = read(STDIN_FILENO, buffer + size, sizeof buffer - size - 1);
    if (count <= 0) return false;
    buffer[size += count] = 0;
    char *line = buffer;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        command(line);
    }
    size = strlen(line);
    memmove(buffer, line, size + 1);
    if (size == sizeof buffer - 1) size = 0; /* a line that long is no command */
    return true;
}

/* False when there is nobody left to simulate for. */
static bool wait_for_something(int64_t us)
{
    struct pollfd ends[2] = {{STDIN_FILENO, POLLIN, 0}, wire_wants()};
    const struct timespec limit = {0, us * 1000};
    if (ppoll(ends, 2, &limit, NULL) < 0 && errno != EINTR) return false;
    if (ends[1].revents & POLLIN) wire_read();
    return !(ends[0].revents & (POLLIN | POLLHUP)) || read_commands();
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    const struct board *which = argc == 3 || argc == 4 ? board_named(argv[1]) : NULL;
    if (!which || !chip_start(which, argv[2])) {
        fprintf(stderr, "usage: sim uno|mega ELF [BOOT]\n");
        return 2;
    }
    if (argc == 4) chip_boot_at(strtoul(argv[3], NULL, 0));
    printf("CLOCK %d\n", MHZ * 1000000);
    wire_start();

    int64_t last_us = wall_us(), due_us = 0; /* due: what the simulated clock should show */
    for (;;) {
        const int64_t now_us = wall_us();
        due_us += (now_us - last_us) * pace / 100;
        last_us = now_us;
        const int64_t done_us = chip_cycles() / MHZ;
        if (due_us - done_us > BEHIND_US) due_us = done_us + BEHIND_US;
        const bool busy = wire_busy();
        if (!frozen) chip_run_until((unsigned long long)due_us * MHZ);
        fflush(stdout); /* the edge first, then the bytes that speak of it */
        wire_write();
        if (chip_crashed()) {
            fprintf(stderr, "the program crashed\n");
            return 1;
        }
        if (!wait_for_something(busy ? BUSY_STEP_US : IDLE_STEP_US)) return 0;
    }
}
