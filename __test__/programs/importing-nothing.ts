/** A module for importing.ts, by which Node has all that importing needs of its own. */
export const nothing = undefined
