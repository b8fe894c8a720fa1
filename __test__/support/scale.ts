/** Tests that are run with small numbers each time, and with large ones by `npm run test:large`. */
const isLarge = process.env['MIO_JS_LARGE'] === '1'

/** A number, which is another one in a large run. */
export function scaled(usual: number, large: number): number {
  return isLarge ? large : usual
}
