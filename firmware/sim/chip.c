#include "chip.h"

#include <stdio.h>
#include <string.h>

#include <avr_ioport.h>
#include <avr_uart.h>
#include <sim_core.h>
#include <sim_elf.h>
#include <sim_regbit.h>

#include "timers.h"
#include "wire.h"

enum { HANG_STEP = 160 /* cycles */ };

const struct board *board;
avr_t *avr;

static avr_run_t run_normally;
static avr_cycle_count_t cycles_before; /* of the time before the last reset: simavr counts from 0 again */
static bool hanging;
static const char *reset_cause = "power";

static struct {
    bool input, input_level; /* told by `in` */
    bool pull;
    bool level;              /* last printed */
} pins[70];

unsigned long long chip_cycles(void) { return cycles_before + avr->cycle; }

avr_io_t *chip_part(const char *kind, char name)
{
    for (avr_io_t *io = avr->io_port; io; io = io->next) {
        if (strcmp(io->kind, kind)) continue;
        if (!strcmp(kind, "port") && ((avr_ioport_t *)io)->name != name) continue;
        if (!strcmp(kind, "uart") && ((avr_uart_t *)io)->name != name) continue;
        return io;
    }
    return NULL;
}

static avr_ioport_t *port(char name) { return (avr_ioport_t *)chip_part("port", name); }

static void print_edges(avr_ioport_t *p, uint8_t direction, uint8_t value)
{
    for (int i = 0; i < (board->digital + board->analog); i++) {
        if (board->pins[i].port != p->name) continue;
        const int bit = board->pins[i].bit;
        const bool output = direction >> bit & 1;
        if (!output && pins[i].input) continue;
        const bool level = output ? value >> bit & 1 : pins[i].pull;
        if (level == pins[i].level) continue;
        pins[i].level = level;
        printf("%llu PIN %s %d\n", chip_cycles(), pin_name(board, i), level);
    }
}

static void on_direction(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    avr_ioport_t *p = param;
    print_edges(p, value, avr->data[p->r_port]);
}

static void on_port(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    avr_ioport_t *p = param;
    print_edges(p, avr->data[p->r_ddr], value);
}

static void print_port(avr_ioport_t *p) { print_edges(p, avr->data[p->r_ddr], avr->data[p->r_port]); }

/* Puts what `in` told about a port's pins onto them, so that a write to the port does not undo it. */
static void apply_inputs(avr_ioport_t *p)
{
    avr_ioport_external_t external = {.name = p->name};
    uint8_t mask = 0, value = 0;
    for (int i = 0; i < (board->digital + board->analog); i++) {
        if (board->pins[i].port != p->name || !pins[i].input) continue;
        mask |= 1 << board->pins[i].bit;
        value |= pins[i].input_level << board->pins[i].bit;
    }
    external.mask = mask;
    external.value = value;
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(p->name), &external);
    for (int bit = 0; bit < 8; bit++)
        if (mask >> bit & 1) avr_raise_irq(p->io.irq + bit, value >> bit & 1);
    avr->data[p->r_pin] = (avr->data[p->r_pin] & ~mask) | value;
}

void chip_input(int pin, bool level)
{
    pins[pin].input = true;
    pins[pin].input_level = level;
    apply_inputs(port(board->pins[pin].port));
}

void chip_pull(int pin, bool level)
{
    pins[pin].pull = level;
    print_port(port(board->pins[pin].port));
}

/* -- resets ----------------------------------------------------------------------------------- */

static void after_reset(avr_t *chip)
{
    (void)chip;
    wire_reset();
}

static void settle_after_reset(void)
{
    printf("%llu RESET %s\n", chip_cycles(), reset_cause);
    for (char name = 'A'; name <= 'L'; name++) {
        avr_ioport_t *p = port(name);
        if (!p) continue;
        /* simavr clears the registers without telling; raise what it left out, or later changes are missed */
        avr_raise_irq(p->io.irq + IOPORT_IRQ_DIRECTION_ALL, 0);
        avr_raise_irq(p->io.irq + IOPORT_IRQ_REG_PORT, 0);
        print_port(p);
        apply_inputs(p);
    }
    timers_reset();
    hanging = false;
    reset_cause = "watchdog"; /* the only reset that we do not ask for */
}

void chip_reset(const char *cause)
{
    reset_cause = cause;
    cycles_before = chip_cycles();
    avr->run = run_normally;
    avr_reset(avr);
    cycles_before -= avr->cycle; /* simavr may or may not have gone back to 0 */
    avr_regbit_clear(avr, avr->reset_flags.wdrf);
    if (!strcmp(cause, "power")) {
        memset(avr->data + avr->ioend + 1, 0xA5, avr->ramend - avr->ioend);
        avr_regbit_set(avr, avr->reset_flags.porf);
    } else {
        avr_regbit_set(avr, avr->reset_flags.extrf);
    }
    settle_after_reset();
}

void chip_boot_at(uint32_t address)
{
    /* simavr has loaded it at 0, whatever its ELF says; the rest of the flash is erased */
    memcpy(avr->flash + address, avr->flash, avr->flashend + 1 - address);
    memset(avr->flash, 0xFF, address);
    avr->flash[1] = 0xCF; /* a program that does nothing: simavr cannot run through erased flash, as a chip does */
    avr->reset_pc = avr->pc = address;
    avr->codeend = avr->flashend; /* what it will write is code too */
}

void chip_hang(void) { hanging = true; }

bool chip_spoil(long address, int mask)
{
    if (address <= avr->ioend || address > avr->ramend || mask < 1 || mask > 255) return false;
    avr->data[address] ^= mask;
    return true;
}

/* -- time ------------------------------------------------------------------------------------- */

static void do_not_sleep(avr_t *chip, avr_cycle_count_t cycles)
{
    (void)chip, (void)cycles; /* the pacing below waits, once for all */
}

static avr_cycle_count_t wake(avr_t *chip, avr_cycle_count_t when, void *param)
{
    (void)chip, (void)when, (void)param;
    return 0;
}

void chip_run_until(unsigned long long target)
{
    /* A sleeping chip jumps to its next timer: give it one here, or it would run ahead of the wall clock and
     * hear the next byte late. */
    if (target > chip_cycles()) avr_cycle_timer_register(avr, target - chip_cycles(), wake, NULL);
    while (chip_cycles() < target && !chip_crashed()) {
        if (hanging) {
            avr->cycle += HANG_STEP;
            avr_cycle_timer_process(avr);
            if (avr->run == run_normally) continue;
        }
        const bool resetting = avr->run != run_normally; /* the watchdog left its reset here to be run */
        const unsigned long long now = chip_cycles();
        avr_run(avr);
        if (!resetting) continue;
        cycles_before = now - avr->cycle;
        settle_after_reset();
    }
}

bool chip_crashed(void) { return avr->state == cpu_Done || avr->state == cpu_Crashed; }

bool chip_start(const struct board *which, const char *elf)
{
    elf_firmware_t firmware = {0};
    if (elf_read_firmware(elf, &firmware)) return false;
    board = which;
    avr = avr_make_mcu_by_name(board->mcu);
    avr_init(avr);
    firmware.frequency = MHZ * 1000000;
    avr_load_firmware(avr, &firmware);
    avr->vcc = avr->avcc = avr->aref = 5000; /* millivolts */
    avr->sleep = do_not_sleep;
    avr->reset = after_reset;
    run_normally = avr->run;
    for (char name = 'A'; name <= 'L'; name++) {
        avr_ioport_t *p = port(name);
        if (!p) continue;
        avr_irq_register_notify(p->io.irq + IOPORT_IRQ_DIRECTION_ALL, on_direction, p);
        avr_irq_register_notify(p->io.irq + IOPORT_IRQ_REG_PORT, on_port, p);
    }
    timers_start();
    return true;
}
