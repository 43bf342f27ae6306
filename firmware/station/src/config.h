// What a build may choose; everything else comes over the wire.
#pragma once

#ifndef STATION_BAUD
#define STATION_BAUD 250000UL  // exact at 16 MHz, as are 500000 and 1000000; 115200 is 2.1 % off
#endif

namespace config {
constexpr unsigned char FW_MAJOR = 0;
constexpr unsigned char FW_MINOR = 2;
constexpr unsigned char FW_PATCH = 0;
}  // namespace config
