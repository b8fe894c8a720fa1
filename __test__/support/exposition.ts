/**
 * Reads Prometheus's text format, version 0.0.4, as strictly as its description has it: each family has
 * HELP and TYPE once and before its samples, which stand together; names and labels are of the letters
 * that are allowed; no series comes twice; counters end in `_total`; the last line ends.
 */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: { readonly labels: Record<string, string>; readonly value: number }[]
}

const metric = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const sample = new RegExp(`^(${metric})(?:\\{(${label}(?:,${label})*)?\\})? (\\S+)$`)
const comment = new RegExp(`^# (HELP|TYPE) (${metric}) (.*)$`)

export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let help: [name: string, text: string] | undefined
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, subject = '', rest = ''] = comment.exec(line) ?? []
    if (keyword === 'HELP') {
      if (families.has(subject)) throw new Error(`a second HELP: ${line}`)
      help = [subject, rest]
      continue
    }
    if (keyword === 'TYPE') {
      if (help?.[0] !== subject) throw new Error(`no HELP before: ${line}`)
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(line)
      if (rest === 'counter' && !subject.endsWith('_total')) throw new Error(`no _total: ${line}`)
      families.set(subject, { type: rest, help: help[1], samples: [] })
      current = subject
      continue
    }
    const [, name, labels = '', value = ''] = sample.exec(line) ?? []
    if (name === undefined) throw new Error(`no sample: ${line}`)
    if (name !== current) throw new Error(`not with its family: ${line}`)
    const number = value === '+Inf' ? Infinity : Number(value)
    if (Number.isNaN(number)) throw new Error(`no number: ${line}`)
    if (seen.has(`${name}{${labels}}`)) throw new Error(`twice: ${line}`)
    seen.add(`${name}{${labels}}`)
    families.get(name)?.samples.push({ labels: labelsOf(labels), value: number })
  }
  return families
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)]
  const unescape = (value: string): string =>
    value.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescape(value)]))
}
