#include "duty.h"

#include <string.h>

#include "board_time.h"
#include "channels.h"
#include "table.h"

namespace duty {
namespace {

constexpr uint8_t QUARTERS = 4;
constexpr uint8_t TICK_MS = 250;  // a quarter of a window of `w` seconds is `w` ticks

struct __attribute__((packed)) Account {
    uint16_t permille, window_s;
    uint16_t ticks;              // of the quarter that runs
    uint32_t used_ms : 24;       // in it; a quarter is 16384 s at most
    uint8_t quarters[QUARTERS];  // in those before it, newest first, in 1/1000 of the window rounded up
};

Account accounts[ACCOUNTS];
uint32_t tick_at;

Account &account(uint8_t index) { return accounts[table::duty_place(index)]; }

uint32_t quarter_age(const Account &a) { return a.ticks * uint32_t(TICK_MS) + (board_time::now().ms - tick_at); }

// Of the time since `since_ms`, what lies in the quarter that runs.
uint32_t within_quarter(const Account &a, uint32_t since_ms) {
    const uint32_t age = quarter_age(a);
    const uint32_t on = board_time::now().ms - since_ms;
    return on < age ? on : age;
}

uint32_t most(const Account &a) { return uint32_t(a.permille) * a.window_s; }  // a permille of a second is a ms

// Of the time before now, what a window that ends in `ms` may hold.
uint32_t used(const Account &a, uint32_t ms) {
    uint32_t total = a.used_ms;
    for (uint8_t i = 0; i < QUARTERS - 1; i++) total += uint32_t(a.quarters[i]) * a.window_s;
    // This much of the oldest quarter is still in the window.
    const uint32_t left = a.window_s * uint32_t(TICK_MS) - quarter_age(a);
    const uint32_t oldest = uint32_t(a.quarters[QUARTERS - 1]) * a.window_s;
    const uint32_t in_window = left > ms ? left - ms : 0;
    return total + (oldest < in_window ? oldest : in_window);
}

void close_quarter(uint8_t index, Account &a) {
    uint32_t since;
    uint32_t used = a.used_ms;
    if (channels::energised_since(index, since)) used += within_quarter(a, since);
    memmove(a.quarters + 1, a.quarters, QUARTERS - 1);
    a.quarters[0] = (used + a.window_s - 1) / a.window_s;
    a.ticks = 0;
    a.used_ms = 0;
}

}  // namespace

void take_limit(uint8_t place, const wire::TableEntry &entry) {
    accounts[place].permille = entry.duty_permille;
    accounts[place].window_s = entry.duty_window_s;
}

void give_limit(uint8_t place, wire::TableEntry &entry) {
    entry.duty_permille = accounts[place].permille;
    entry.duty_window_s = accounts[place].window_s;
}

void begin() {
    tick_at = board_time::now().ms;
    for (Account &a : accounts) {
        a.ticks = 0;
        a.used_ms = 0;
        memset(a.quarters, 0, sizeof a.quarters);
    }
}

void tick() {
    if (board_time::now().ms - tick_at < TICK_MS) return;
    tick_at += TICK_MS;
    for (uint8_t i = 0; i < table::count(); i++) {
        if (!table::entry(i).duty_limited) continue;
        Account &a = account(i);
        if (++a.ticks >= a.window_s) close_quarter(i, a);
    }
}

void charge(uint8_t index, uint32_t since_ms) {
    Account &a = account(index);
    a.used_ms += within_quarter(a, since_ms);
}

bool allows(uint8_t index, uint32_t on_ms, uint32_t since_ms) {
    const Account &a = account(index);
    return on_ms <= most(a) && used(a, on_ms) + within_quarter(a, since_ms) + on_ms <= most(a);
}

bool allows_spread(uint8_t index, uint32_t on_ms, uint16_t times) {
    const Account &a = account(index);
    const uint32_t before = used(a, 0);
    if (before > most(a)) return false;
    const uint32_t left = most(a) - before;
    if (on_ms <= UINT16_MAX) return uint32_t(uint16_t(on_ms)) * times <= left;
    return on_ms <= left / times;
}

uint32_t window_ms(uint8_t index) { return account(index).window_s * 1000UL; }

}  // namespace duty
