// Just enough of a test framework: TEST registers a sentence, CHECK says where it does not hold.
#pragma once

#include <stdio.h>

namespace check {

using Body = void (*)();
void add(const char *sentence, Body body);
extern int failures;

}  // namespace check

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            printf("  %s:%d: %s\n", __FILE__, __LINE__, #condition);                         \
            check::failures++;                                                               \
        }                                                                                    \
    } while (0)

#define TEST(name)                                                                           \
    static void name();                                                                      \
    static const struct name##_registered {                                                  \
        name##_registered() { check::add(#name, name); }                                     \
    } name##_instance;                                                                       \
    static void name()
