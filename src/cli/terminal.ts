/** What may be written to a stream: colours and blocks on a terminal, plain text elsewhere. */
import type { WriteStream } from 'node:tty'

export interface Style {
  /** Whether somebody watches: then a line may be drawn over. */
  readonly isTerminal: boolean
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  /** A bar of so many cells, fractions allowed. */
  bar(cells: number): string
}

const blocks = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function styleOf(stream: NodeJS.WritableStream & Partial<WriteStream>): Style {
  const isTerminal = stream.isTTY === true
  // NO_COLOR, if it is not empty, forbids it whatever else is said: https://no-color.org
  const isColoured = isTerminal && !process.env['NO_COLOR'] && (stream.hasColors?.() ?? false)
  const paint = (code: number) => (text: string) =>
    isColoured ? `\u001B[${code}m${text}\u001B[0m` : text
  return {
    isTerminal,
    bold: paint(1),
    dim: paint(2),
    good: paint(32),
    bad: paint(31),
    bar(cells) {
      if (!isTerminal) return '#'.repeat(Math.max(1, Math.round(cells)))
      const whole = Math.floor(cells)
      const eighths = Math.round((cells - whole) * 8)
      return `${'█'.repeat(whole)}${eighths === 8 ? '█' : blocks[eighths]}` || '▏'
    },
  }
}
