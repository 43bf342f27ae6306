// The board itself: ATmega328P (Uno, Nano) and ATmega2560 (Mega).
#ifdef __AVR__
#include "hal.h"

#include <Arduino.h>
#include <avr/eeprom.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "config.h"
#include "frame.h"

#ifdef USART0_RX_vect
#define RX_VECTOR USART0_RX_vect
#define TX_VECTOR USART0_UDRE_vect
#else
#define RX_VECTOR USART_RX_vect
#define TX_VECTOR USART_UDRE_vect
#endif

extern "C" uint8_t __heap_start;  // the linker's: the first byte behind everything static

namespace {

constexpr uint8_t RX_SIZE = 64;
constexpr uint8_t TX_SIZE = 48;
static_assert(RX_SIZE - 1 == wire::RECEIVE_RING, "the gateway's window counts on this ring");
static_assert(TX_SIZE > frame::OVERHEAD + sizeof(wire::Hello), "the longest of what we say fits");

volatile uint8_t rx_ring[RX_SIZE], rx_head, rx_tail;
volatile uint8_t tx_ring[TX_SIZE], tx_head, tx_tail;
volatile uint16_t rx_lost;

uint8_t next_tx(uint8_t i) { return i + 1 == TX_SIZE ? 0 : i + 1; }

uint8_t reset_flags KEPT_OVER_RESET;
uint8_t bootloader_flags KEPT_OVER_RESET;

volatile uint8_t *port_of(uint8_t pin) { return portOutputRegister(digitalPinToPort(pin)); }
volatile uint8_t *direction_of(uint8_t pin) { return portModeRegister(digitalPinToPort(pin)); }

}  // namespace

// Bootloaders clear MCUSR. Some hand it on in r2, which only lives until the C runtime starts.
extern "C" void keep_bootloader_flags() __attribute__((naked, used, section(".init0")));
extern "C" void keep_bootloader_flags() { asm volatile("sts %0, r2" : "=m"(bootloader_flags)); }

// A watchdog reset leaves the watchdog running at 16 ms: stop it before the C runtime takes its time.
extern "C" void keep_reset_flags() __attribute__((naked, used, section(".init3")));
extern "C" void keep_reset_flags() {
    reset_flags = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

ISR(RX_VECTOR) {
    const uint8_t byte = UDR0;
    const uint8_t next = (rx_head + 1) & (RX_SIZE - 1);
    if (next == rx_tail) {  // the checksum of its frame will not hold
        rx_lost++;
        return;
    }
    rx_ring[rx_head] = byte;
    rx_head = next;
}

ISR(TX_VECTOR) {
    const uint8_t tail = tx_tail;
    UDR0 = tx_ring[tail];
    tx_tail = next_tx(tail);
    if (tx_tail == tx_head) UCSR0B &= ~_BV(UDRIE0);
}

namespace hal {

namespace {
constexpr uint8_t PAINT = 0xC5;

// What is still painted later was never used.
void paint_stack() {
    for (uint8_t *p = &__heap_start; p < reinterpret_cast<uint8_t *>(SP) - 16; p++) *p = PAINT;
}

// The Arduino core starts every timer for analogWrite(). All but timer 0, which keeps the time, stand still
// until a channel needs them.
void stop_idle_timers() {
    TCCR1B = TCCR2B = 0;
#ifdef TCCR3B
    TCCR3B = TCCR4B = TCCR5B = 0;
#endif
}
}  // namespace

void begin() {
    stop_idle_timers();
    paint_stack();
    UCSR0A = _BV(U2X0);
    UBRR0 = F_CPU / 8 / STATION_BAUD - 1;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    set_sleep_mode(SLEEP_MODE_IDLE);
    wdt_enable(WDTO_250MS);
}

wire::BoardKind board_kind() {
#ifdef __AVR_ATmega2560__
    return wire::BoardKind::Mega;
#else
    return wire::BoardKind::Uno;
#endif
}

namespace {
// What the bootloader says of the reset, 0: nothing. Optiboot does from version 5 on, and ends an ATmega328P's flash
// with its major version. Version 4 on most Unos and Nanos, and the Mega's stk500v2, leave anything in r2.
uint8_t handed_on() {
#ifdef __AVR_ATmega2560__
    return 0;
#else
    const uint8_t major = pgm_read_byte(FLASHEND);
    return major >= 5 && major < 16 ? bootloader_flags : 0;
#endif
}
}  // namespace

wire::Boot boot_reason() {
    const uint8_t flags = reset_flags ? reset_flags : handed_on();
    // A bootloader starts the sketch through a watchdog reset of its own, so WDRF says least and comes last.
    if (flags & _BV(PORF)) return wire::Boot::PowerOn;
    if (flags & _BV(BORF)) return wire::Boot::BrownOut;
    if (flags & _BV(EXTRF)) return wire::Boot::ResetPin;
    if (flags & _BV(WDRF)) return wire::Boot::Watchdog;
    return wire::Boot::Unknown;
}

uint32_t micros() { return ::micros(); }

void feed_watchdog() { wdt_reset(); }

void rest() {
    cli();
    if (rx_head == rx_tail) {
        sleep_enable();
        sei();  // takes effect after the next instruction: no interrupt slips in between
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

uint16_t free_ram() {
    const uint8_t *p = &__heap_start;
    while (*p == PAINT && p < reinterpret_cast<uint8_t *>(SP)) p += 4;  // every byte would take 0.2 ms
    return p - &__heap_start;
}

uint16_t lost_bytes() {
    const uint8_t sreg = SREG;
    cli();
    const uint16_t lost = rx_lost;
    SREG = sreg;
    return lost;
}

bool receive(uint8_t &byte) {
    const uint8_t tail = rx_tail;
    if (tail == rx_head) return false;
    byte = rx_ring[tail];
    rx_tail = (tail + 1) & (RX_SIZE - 1);
    return true;
}

uint8_t send_room() {
    const uint8_t tail = tx_tail;
    return tail > tx_head ? tail - tx_head - 1 : TX_SIZE - 1 - tx_head + tail;
}

void send(const uint8_t *bytes, uint8_t count) {
    uint8_t head = tx_head;
    while (count--) {
        tx_ring[head] = *bytes++;
        head = next_tx(head);
    }
    tx_head = head;
    const uint8_t sreg = SREG;
    cli();
    UCSR0B |= _BV(UDRIE0);
    SREG = sreg;
}

bool is_digital_pin(uint8_t pin) { return pin >= 2 && pin < NUM_DIGITAL_PINS; }

bool has_led(uint8_t pin) { return pin == LED_BUILTIN; }

void drive(uint8_t pin, bool high) {
    const uint8_t mask = digitalPinToBitMask(pin);
    const uint8_t sreg = SREG;
    cli();
    if (high)
        *port_of(pin) |= mask;
    else
        *port_of(pin) &= ~mask;
    *direction_of(pin) |= mask;
    SREG = sreg;
}

bool driven_high(uint8_t pin) { return *port_of(pin) & digitalPinToBitMask(pin); }

void listen(uint8_t pin, bool pull_up) {
    const uint8_t mask = digitalPinToBitMask(pin);
    const uint8_t sreg = SREG;
    cli();
    *direction_of(pin) &= ~mask;
    if (pull_up)
        *port_of(pin) |= mask;
    else
        *port_of(pin) &= ~mask;
    SREG = sreg;
}

bool read(uint8_t pin) { return *portInputRegister(digitalPinToPort(pin)) & digitalPinToBitMask(pin); }

bool is_analog_pin(uint8_t pin) { return pin >= A0 && pin < A0 + NUM_ANALOG_INPUTS && pin < NUM_DIGITAL_PINS; }

void analog_start(uint8_t pin) {
    const uint8_t input = pin - A0;
#ifdef MUX5
    ADCSRB = input & 8 ? _BV(MUX5) : 0;
#endif
    ADMUX = _BV(REFS0) | (input & 7);  // against the supply
    ADCSRA |= _BV(ADSC);
}

bool analog_ready() { return !(ADCSRA & _BV(ADSC)); }

uint16_t analog_value() { return ADC; }

uint8_t eeprom_read(uint16_t address) { return eeprom_read_byte(reinterpret_cast<uint8_t *>(address)); }

bool eeprom_ready() { return eeprom_is_ready(); }

void eeprom_write(uint16_t address, uint8_t value) {
    eeprom_write_byte(reinterpret_cast<uint8_t *>(address), value);
}

}  // namespace hal
#endif
