/* The serial line: the chip's UART on one side, a pty on the other. */
#pragma once

#include <poll.h>
#include <stdbool.h>

void wire_start(void);
void wire_plug(void);   /* prints PORT */
void wire_unplug(void);
void wire_reset(void);  /* the chip forgot what was under way */

void wire_write(void);  /* what the chip sent, to whoever listens */
void wire_read(void);   /* what came, to the chip, byte by byte in its own time */

/* What to poll for, after a look whether somebody opened or closed the port. */
struct pollfd wire_wants(void);

bool wire_busy(void);   /* bytes flowed a moment ago */
