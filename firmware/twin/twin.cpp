// The portable core on a pipe, in time that somebody else keeps: the virtual board is compared with it.
//
// stdin, line by line: MS HEX      what goes over the wire now, - for nothing; then MS milliseconds pass
//                      PIN LEVEL   as p3 1: an input's level; a15 700: an analog one's, 0 to 1023
// stdout               HEX         what the board said in that time, - for nothing
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal_host.h"

int main() {
    char first[32], second[8192];
    setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
    host::factory_new();
    while (scanf("%31s %8191s", first, second) == 2) {
        if (first[0] == 'p') {
            host::pins[atoi(first + 1)].outside = second[0] == '1';
            continue;
        }
        if (first[0] == 'a') {
            host::pins[atoi(first + 1)].voltage = atoi(second);
            continue;
        }
        for (const char *hex = second; hex[0] && hex[1]; hex += 2) {
            unsigned byte;
            if (sscanf(hex, "%2x", &byte) == 1) host::to_board.push_back(byte);
        }
        host::run_ms(atoi(first));
        for (const uint8_t byte : host::from_board) printf("%02x", byte);
        puts(host::from_board.empty() ? "-" : "");
        host::from_board.clear();
    }
}
