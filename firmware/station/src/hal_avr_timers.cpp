// What the board's timers drive: pwm, servo pulses (timer 1), a tone (timer 2). Timer 0 keeps the time.
#ifdef __AVR__
#include <Arduino.h>

#include "hal.h"

namespace {

using hal::SERVOS;

constexpr uint16_t TICKS_PER_US = F_CPU / 8 / 1000000;  // timer 1 at clock/8
constexpr uint16_t FRAME_TICKS = 20000 * TICKS_PER_US;
constexpr uint16_t LEAST_GAP_TICKS = 100 * TICKS_PER_US;

struct Train {
    volatile uint8_t pin;
    volatile uint16_t ticks;  // of a pulse; 0: none
};

Train trains[SERVOS];
volatile uint8_t under_way;  // which train's pin is high; SERVOS: none
uint16_t frame_began;        // on timer 1

volatile uint8_t *tone_port;  // null: silent
uint8_t tone_pin, tone_mask;

void set_high(uint8_t pin, bool high) {
    volatile uint8_t *port = portOutputRegister(digitalPinToPort(pin));
    if (high)
        *port |= digitalPinToBitMask(pin);
    else
        *port &= ~digitalPinToBitMask(pin);
}

// How a timer drives one of its pins: 8 bits, phase-correct at 490 Hz; timer 0, which keeps the time, fast at
// 976 Hz. Registers by their addresses.
struct Drive {
    uint8_t core_name;  // as digitalPinToTimer() says
    uint8_t timer, connect;
    uint16_t control, clock, compare;
    uint8_t clock_64;  // the clock's bits for a 64th
};

#define DRIVE(n, x, clock) \
    {TIMER##n##x, n, _BV(COM##n##x##1), (uint16_t)&TCCR##n##A, (uint16_t)&TCCR##n##B, (uint16_t)&OCR##n##x, clock}

const Drive DRIVES[] PROGMEM = {
    DRIVE(0, A, 3), DRIVE(0, B, 3), DRIVE(1, A, 3), DRIVE(1, B, 3), DRIVE(2, A, 4), DRIVE(2, B, 4),
#ifdef TCCR3A
    DRIVE(3, A, 3), DRIVE(3, B, 3), DRIVE(3, C, 3), DRIVE(4, A, 3), DRIVE(4, B, 3), DRIVE(4, C, 3),
    DRIVE(5, A, 3), DRIVE(5, B, 3), DRIVE(5, C, 3),
#endif
};

// False: no timer drives this pin.
bool find_drive(uint8_t pin, Drive &drive) {
    const uint8_t name = digitalPinToTimer(pin);
    if (name == NOT_ON_TIMER) return false;
    for (const Drive &d : DRIVES) {
        if (pgm_read_byte(&d.core_name) != name) continue;
        memcpy_P(&drive, &d, sizeof d);
        return true;
    }
    return false;
}

volatile uint8_t &register_at(uint16_t address) { return *reinterpret_cast<volatile uint8_t *>(address); }

bool connected(const Drive &d) { return register_at(d.control) & d.connect; }

// Null: it has none. Pin 0, which is the wire's, stands for no pin.
Train *train_of(uint8_t pin) {
    for (Train &train : trains)
        if (train.pin == pin) return &train;
    return nullptr;
}

void start_servos() {
    if (TIMSK1 & _BV(OCIE1A)) return;
    TCCR1A = 0;  // normal mode
    TCCR1B = _BV(CS11);
    under_way = SERVOS;
    frame_began = TCNT1;
    OCR1A = frame_began + LEAST_GAP_TICKS;
    TIFR1 = _BV(OCF1A);
    TIMSK1 |= _BV(OCIE1A);
}

}  // namespace

// One pulse after the other, then a pause until 20 ms are full.
ISR(TIMER1_COMPA_vect) {
    uint8_t next = 0;
    if (under_way < SERVOS) {
        set_high(trains[under_way].pin, false);
        next = under_way + 1;
    } else {
        frame_began = TCNT1;
    }
    while (next < SERVOS && !trains[next].ticks) next++;
    under_way = next;
    if (next < SERVOS) {
        set_high(trains[next].pin, true);
        OCR1A = TCNT1 + trains[next].ticks;
        return;
    }
    const uint16_t used = TCNT1 - frame_began;
    OCR1A = TCNT1 + (used + LEAST_GAP_TICKS < FRAME_TICKS ? FRAME_TICKS - used : LEAST_GAP_TICKS);
}

ISR(TIMER2_COMPA_vect) { *tone_port ^= tone_mask; }

namespace hal {

uint8_t timer_of(uint8_t pin) {
    Drive d;
    return find_drive(pin, d) ? d.timer : NO_TIMER;
}

void pwm(uint8_t pin, uint8_t duty) {
    Drive d;
    if (!find_drive(pin, d)) return;
    if (duty == 0 || duty == 255) {  // leaves the timer, which would still make needles
        drive(pin, duty);
        register_at(d.control) &= ~d.connect;
        return;
    }
    if (d.timer != 0 && d.timer != 2) register_at(d.compare + 1) = 0;  // 16 bits: the high half first
    register_at(d.compare) = duty;
    register_at(d.clock) = d.clock_64;
    register_at(d.control) |= d.connect | _BV(WGM10);  // the same bit in every timer
    *portModeRegister(digitalPinToPort(pin)) |= digitalPinToBitMask(pin);
}

uint8_t pwm_duty(uint8_t pin) {
    Drive d;
    if (find_drive(pin, d) && connected(d)) return register_at(d.compare);
    return driven_high(pin) ? 255 : 0;
}

void servo(uint8_t pin, uint16_t us) {
    Train *train = train_of(pin);
    if (!train && us) train = train_of(0);  // a table has no more servos than trains
    if (!train) return;
    const uint8_t sreg = SREG;
    cli();
    train->pin = pin;
    train->ticks = us * TICKS_PER_US;
    if (us) start_servos();
    SREG = sreg;
}

bool servo_on(uint8_t pin) {
    const Train *train = train_of(pin);
    return train && train->ticks;
}

void tone(uint8_t pin, uint16_t hz) {
    if (!hz) {
        if (tone_port && tone_pin == pin) claim(pin, false);
        return;
    }
    // Toggled twice a period; the finest prescaler that 8 bits can hold.
    static const uint8_t SHIFTS[] PROGMEM = {0, 3, 5, 6, 7, 8, 10};
    uint8_t select = 0;
    uint32_t count;
    do {
        count = ((F_CPU / 2 >> pgm_read_byte(&SHIFTS[select++])) + hz / 2) / hz;
    } while (count > 256 && select < sizeof SHIFTS);
    const uint8_t sreg = SREG;
    cli();
    tone_pin = pin;
    tone_port = portOutputRegister(digitalPinToPort(pin));
    tone_mask = digitalPinToBitMask(pin);
    TCCR2A = _BV(WGM21);
    TCCR2B = select;
    TCNT2 = 0;
    OCR2A = count - 1;
    TIFR2 = _BV(OCF2A);
    TIMSK2 |= _BV(OCIE2A);
    SREG = sreg;
}

bool tone_on(uint8_t pin) { return tone_port && tone_pin == pin; }

void claim(uint8_t pin, bool for_pwm) {
    const uint8_t sreg = SREG;
    cli();
    Drive d;
    if (!for_pwm && find_drive(pin, d)) register_at(d.control) &= ~d.connect;
    if (tone_on(pin)) {
        TIMSK2 &= ~_BV(OCIE2A);
        TCCR2A = TCCR2B = 0;
        *tone_port &= ~tone_mask;
        tone_port = nullptr;
    }
    if (Train *train = train_of(pin)) {
        if (under_way < SERVOS && train == trains + under_way) set_high(pin, false);
        train->ticks = 0;
        train->pin = 0;
    }
    SREG = sreg;
}

}  // namespace hal
#endif
