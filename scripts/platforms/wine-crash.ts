/** What is printed when it was Wine that failed, and not what it has run. */
export const wineCrashed = "Wine's server has crashed"
