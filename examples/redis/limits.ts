const KIB = 1024
const MIB = 1024 * KIB

/** Arguments of one command. */
export const MAX_ARGUMENTS = 1024 * KIB

/** Bytes of one argument, and so of one value. Redis allows 512 MiB: too much for an example. */
export const MAX_BULK = 64 * MIB

/** Bytes that may arrive without the end of a line: an inline command, or the count before it. */
export const MAX_LINE = 64 * KIB

/** Bytes of one whole command; a connection that sends more is closed without a word, as Redis does. */
export const MAX_QUERY = 2 * MAX_BULK

/** Unsent bytes at which a connection is given up: its reader is too slow, or asked for too much. */
export const MAX_OUTPUT = 2 * MAX_BULK

/** Unsent bytes at which a connection's commands wait until its reader has caught up. */
export const HIGH_WATER = 256 * KIB

/** Milliseconds between two looks for dead keys, while there are keys that can die. */
export const EXPIRY_PERIOD = 100
