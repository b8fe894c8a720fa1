import { type ParseArgsConfig, parseArgs } from 'node:util'

/** A command was called in a way that it does not know: said with the usage, and exit code 2. */
export class Misused extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>
type Values<Of extends Options> = ReturnType<typeof parseArgs<{ options: Of; args: string[] }>>

/** The options of a command, which takes nothing else. */
export function optionsOf<Of extends Options>(args: string[], options: Of): Values<Of>['values'] {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new Misused((error as Error).message)
  }
}

/** The value of an option as a number of these bounds. */
export function numberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (value >= min && value <= max) return value
  throw new Misused(`--${name} must be a number from ${min} to ${max}, and not ${text}`)
}
