#!/bin/sh
# size.sh BOARD ELF MOST_FLASH MOST_RAM: prints what the firmware takes and fails when it is too much.
# Static RAM counts .noinit too; what is left is the stack.
set -eu
avr-size -A "$2" | awk -v board="$1" -v most_flash="$3" -v most_ram="$4" '
    $1 == ".text" || $1 == ".data" { flash += $2 }
    $1 == ".data" || $1 == ".bss" || $1 == ".noinit" { ram += $2 }
    END {
        printf "%s: %d bytes of flash (at most %d), %d bytes of static RAM (at most %d)\n",
            board, flash, most_flash, ram, most_ram
        exit flash > most_flash || ram > most_ram
    }'
