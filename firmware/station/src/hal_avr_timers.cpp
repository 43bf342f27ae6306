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

// The compare register of a pin's timer, or null while the timer does not drive the pin.
volatile uint8_t *pwm_register(uint8_t pin) {
    switch (digitalPinToTimer(pin)) {
    case TIMER0A: return TCCR0A & _BV(COM0A1) ? &OCR0A : nullptr;
    case TIMER0B: return TCCR0A & _BV(COM0B1) ? &OCR0B : nullptr;
    case TIMER1A: return TCCR1A & _BV(COM1A1) ? &OCR1AL : nullptr;
    case TIMER1B: return TCCR1A & _BV(COM1B1) ? &OCR1BL : nullptr;
    case TIMER2A: return TCCR2A & _BV(COM2A1) ? &OCR2A : nullptr;
    case TIMER2B: return TCCR2A & _BV(COM2B1) ? &OCR2B : nullptr;
#ifdef TCCR3A
    case TIMER3A: return TCCR3A & _BV(COM3A1) ? &OCR3AL : nullptr;
    case TIMER3B: return TCCR3A & _BV(COM3B1) ? &OCR3BL : nullptr;
    case TIMER3C: return TCCR3A & _BV(COM3C1) ? &OCR3CL : nullptr;
    case TIMER4A: return TCCR4A & _BV(COM4A1) ? &OCR4AL : nullptr;
    case TIMER4B: return TCCR4A & _BV(COM4B1) ? &OCR4BL : nullptr;
    case TIMER4C: return TCCR4A & _BV(COM4C1) ? &OCR4CL : nullptr;
    case TIMER5A: return TCCR5A & _BV(COM5A1) ? &OCR5AL : nullptr;
    case TIMER5B: return TCCR5A & _BV(COM5B1) ? &OCR5BL : nullptr;
    case TIMER5C: return TCCR5A & _BV(COM5C1) ? &OCR5CL : nullptr;
#endif
    default: return nullptr;
    }
}

// Phase-correct, 8 bits, 490 Hz, as the core's analogWrite() expects; timer 0 always runs, at 976 Hz.
void start_timer(uint8_t timer) {
    switch (timer) {
    case 1: TCCR1A |= _BV(WGM10), TCCR1B = _BV(CS11) | _BV(CS10); break;
    case 2: TCCR2A |= _BV(WGM20), TCCR2B = _BV(CS22); break;
#ifdef TCCR3A
    case 3: TCCR3B = _BV(CS31) | _BV(CS30); break;
    case 4: TCCR4B = _BV(CS41) | _BV(CS40); break;
    case 5: TCCR5B = _BV(CS51) | _BV(CS50); break;
#endif
    default: break;
    }
}

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
    switch (digitalPinToTimer(pin)) {
    case TIMER0A:
    case TIMER0B: return 0;
    case TIMER1A:
    case TIMER1B: return 1;
    case TIMER2A:
    case TIMER2B: return 2;
#ifdef TCCR3A
    case TIMER3A:
    case TIMER3B:
    case TIMER3C: return 3;
    case TIMER4A:
    case TIMER4B:
    case TIMER4C: return 4;
    case TIMER5A:
    case TIMER5B:
    case TIMER5C: return 5;
#endif
    default: return NO_TIMER;
    }
}

void pwm(uint8_t pin, uint8_t duty) {
    if (duty != 0 && duty != 255) start_timer(timer_of(pin));
    analogWrite(pin, duty);  // 0 and 255 leave the timer: it would still make needles
}

uint8_t pwm_duty(uint8_t pin) {
    const volatile uint8_t *compare = pwm_register(pin);
    return compare ? *compare : driven_high(pin) ? 255 : 0;
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
        if (tone_port && tone_pin == pin) claim(pin);
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

void claim(uint8_t pin) {
    const uint8_t sreg = SREG;
    cli();
    if (pwm_register(pin)) digitalWrite(pin, driven_high(pin));  // takes it from its timer
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
