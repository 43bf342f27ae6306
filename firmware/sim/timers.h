/* What a timer drives a pin with, printed as PWM lines: simavr's own waveforms stop at fast PWM. */
#pragma once

void timers_start(void);
void timers_reset(void); /* simavr cleared the registers without telling */
