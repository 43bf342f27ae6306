// Stagewire station: one sketch for every station. Pins, kinds and limits come from the gateway over the
// wire (PROTOCOL.md), so nothing here is edited for a new machine. Board: Uno, Nano or Mega 2560.
#include "src/station.h"

void setup() { station::begin(); }

void loop() { station::pass(); }
