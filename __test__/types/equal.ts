/** Assertions of types, for the compiler alone. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export function isType<_Assertion extends true>(): void {}
