export { type Spread, isTelling, ratios, show, spread } from '#src/cli/spread.js'

/** Rows as a Markdown table; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return [line(rows[0] ?? []), line(rule), ...rows.slice(1).map(line)].join('\n')
}

/** An option's value as a positive number. */
export function numberOf(option: string, text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new Error(`${option} ${text} is not a positive number`)
}

/** A file of raw samples, one a line. */
export function rawSamples(machine: object, samples: readonly object[]): string {
  const lines = samples.map((sample) => JSON.stringify(sample))
  return `{"machine":${JSON.stringify(machine)},\n"samples":[\n${lines.join(',\n')}\n]}\n`
}
