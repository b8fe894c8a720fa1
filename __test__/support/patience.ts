/**
 * How long tests wait before they give up. An emulator takes many times as long as a processor does:
 * whoever runs tests by one says so in `MIO_JS_TEST_PATIENCE`, and nothing is skipped for that.
 */

const factor = Number(process.env['MIO_JS_TEST_PATIENCE'] ?? 1)

/** A time, in any unit, that is long for what a test waits for or measures; longer where all takes longer. */
export function long(time: number): number {
  return time * factor
}
