#include "timers.h"

#include <stdio.h>
#include <string.h>

#include <sim_io.h>

#include "chip.h"

/* Where a pin's timer is controlled (bit `com` connects the pin) and compared. */
struct drive {
    const char *pin;
    uint16_t control, compare;
    uint8_t com;
    int shown; /* last printed; 0: the timer does not drive it */
};

enum { A = 7, B = 5, C = 3 };

static struct drive uno_drives[] = {
    {"D6", 0x44, 0x47, A, 0}, {"D5", 0x44, 0x48, B, 0},
    {"D9", 0x80, 0x88, A, 0}, {"D10", 0x80, 0x8A, B, 0},
    {"D11", 0xB0, 0xB3, A, 0}, {"D3", 0xB0, 0xB4, B, 0},
    {NULL, 0, 0, 0, 0},
};

static struct drive mega_drives[] = {
    {"D13", 0x44, 0x47, A, 0}, {"D4", 0x44, 0x48, B, 0},
    {"D11", 0x80, 0x88, A, 0}, {"D12", 0x80, 0x8A, B, 0},
    {"D10", 0xB0, 0xB3, A, 0}, {"D9", 0xB0, 0xB4, B, 0},
    {"D5", 0x90, 0x98, A, 0}, {"D2", 0x90, 0x9A, B, 0}, {"D3", 0x90, 0x9C, C, 0},
    {"D6", 0xA0, 0xA8, A, 0}, {"D7", 0xA0, 0xAA, B, 0}, {"D8", 0xA0, 0xAC, C, 0},
    {"D46", 0x120, 0x128, A, 0}, {"D45", 0x120, 0x12A, B, 0}, {"D44", 0x120, 0x12C, C, 0},
    {NULL, 0, 0, 0, 0},
};

static struct drive *drives;

static void show(struct drive *d, uint8_t control, uint8_t compare)
{
    const int duty = control >> d->com & 1 ? compare : 0;
    if (duty == d->shown) return;
    d->shown = duty;
    printf("%llu PWM %s %d\n", chip_cycles(), d->pin, duty);
}

static void on_control(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    struct drive *d = param;
    show(d, value, avr->data[d->compare]);
}

static void on_compare(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    struct drive *d = param;
    show(d, avr->data[d->control], value);
}

void timers_start(void)
{
    drives = strcmp(board->name, "mega") ? uno_drives : mega_drives;
    for (struct drive *d = drives; d->pin; d++) {
        avr_irq_register_notify(avr_iomem_getirq(avr, d->control, NULL, AVR_IOMEM_IRQ_ALL), on_control, d);
        avr_irq_register_notify(avr_iomem_getirq(avr, d->compare, NULL, AVR_IOMEM_IRQ_ALL), on_compare, d);
    }
}

void timers_reset(void)
{
    for (struct drive *d = drives; d->pin; d++) show(d, 0, 0);
}
