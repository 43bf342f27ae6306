#define _GNU_SOURCE
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <avr_uart.h>
#include <sim_regbit.h>

#include "chip.h"

enum { BUSY_MS = 5 };

static avr_uart_t *uart;
static int wire = -1; /* the pty's master, -1 while unplugged */
static bool opened;   /* somebody holds the other end */
static uint8_t inbound[4096], outbound[4096];
static size_t inbound_at, inbound_size, outbound_size;
static bool feeding;
static struct timespec last_byte;

static void note_byte(void) { clock_gettime(CLOCK_MONOTONIC_COARSE, &last_byte); }

bool wire_busy(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (now.tv_sec - last_byte.tv_sec) * 1000 + (now.tv_nsec - last_byte.tv_nsec) / 1000000 < BUSY_MS;
}

/* simavr takes 11 bit times for a byte of 10. */
static avr_cycle_count_t byte_cycles(void)
{
    const uint16_t divider = avr->data[uart->ubrrl.reg] | avr->data[uart->ubrrh.reg] << 8;
    return 10 * (divider + 1) * (avr_regbit_get(avr, uart->u2x) ? 8 : 16);
}

static avr_cycle_count_t feed(avr_t *chip, avr_cycle_count_t when, void *param)
{
    (void)chip, (void)param;
    if (inbound_at == inbound_size) {
        feeding = false;
        return 0;
    }
    uart->cycles_per_byte = byte_cycles();
    avr_raise_irq(uart->io.irq + UART_IRQ_INPUT, inbound[inbound_at++]);
    return when + byte_cycles();
}

static void on_sent(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq, (void)param;
    uart->cycles_per_byte = byte_cycles();
    note_byte();
    if (outbound_size < sizeof outbound) outbound[outbound_size++] = value;
}

void wire_plug(void)
{
    int other;
    struct termios raw;
    if (wire >= 0) return;
    if (openpty(&wire, &other, NULL, NULL, NULL)) {
        perror("openpty");
        exit(1);
    }
    tcgetattr(other, &raw);
    cfmakeraw(&raw);
    tcsetattr(other, TCSANOW, &raw);
    printf("PORT %s\n", ptsname(wire));
    close(other); /* from now on the master sees whether somebody has the port open */
    fcntl(wire, F_SETFL, O_NONBLOCK);
    opened = false;
}

void wire_unplug(void)
{
    if (wire >= 0) close(wire);
    wire = -1;
    inbound_at = inbound_size = outbound_size = 0;
}

void wire_write(void)
{
    if (!outbound_size) return;
    /* Like a real adapter: nobody listening, or too slowly, and the bytes are gone. */
    if (wire >= 0 && opened && write(wire, outbound, outbound_size) < 0 && errno != EAGAIN && errno != EIO)
        perror("write");
    outbound_size = 0;
}

void wire_read(void)
{
    if (inbound_at != inbound_size) return; /* the rest waits in the pty, and then in the writer */
    const ssize_t count = read(wire, inbound, sizeof inbound);
    if (count <= 0) return;
    inbound_at = 0;
    inbound_size = count;
    note_byte();
    if (!feeding) avr_cycle_timer_register(avr, byte_cycles(), feed, NULL);
    feeding = true;
}

void wire_reset(void)
{
    feeding = false;
    inbound_at = inbound_size = 0;
}

struct pollfd wire_wants(void)
{
    /* A closed port makes poll() return at once, for ever: look at it here, and do not wait for it. */
    struct pollfd look = {wire, POLLIN, 0};
    const bool open_now = wire >= 0 && !(poll(&look, 1, 0) > 0 && look.revents & POLLHUP);
    if (open_now && !opened) chip_reset("pin"); /* opening a port raises DTR, which is wired to the reset pin */
    opened = open_now;
    return (struct pollfd){opened ? wire : -1, inbound_at == inbound_size ? POLLIN : 0, 0};
}

void wire_start(void)
{
    uart = (avr_uart_t *)chip_part("uart", '0');
    uint32_t flags = 0; /* neither print what is sent nor sleep when polled */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(uart->io.irq + UART_IRQ_OUTPUT, on_sent, NULL);
    wire_plug();
}
