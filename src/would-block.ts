/**
 * What an operation returns that cannot be done right now: the name of `null`. Not an error: wait
 * for the next event of the source, then try again.
 */
export const WouldBlock = null
