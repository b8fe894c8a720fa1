const STAR = 0x2a
const MINUS = 0x2d
const QUESTION = 0x3f
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d
const CARET = 0x5e

/**
 * Whether `text` matches a Redis pattern: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and `\x` for a plain x.
 *
 * Only the last star is ever tried again: when a later star has been reached, an earlier one has
 * nothing left to gain. That keeps the cost at pattern × text, where Redis's recursion could be made
 * to run for minutes.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  // A quirk of the original: not even stars match an empty text.
  if (text === '') return pattern === ''
  let p = 0
  let t = 0
  let retryPattern = -1
  let retryText = 0

  while (t < text.length) {
    if (pattern.charCodeAt(p) === STAR) {
      p++
      if (p === pattern.length) return true
      retryPattern = p
      retryText = t
      continue
    }
    const next = p < pattern.length ? matchOne(pattern, p, text.charCodeAt(t)) : -1
    if (next >= 0) {
      p = next
      t++
    } else if (retryPattern >= 0) {
      p = retryPattern
      t = ++retryText
    } else {
      return false
    }
  }
  while (pattern.charCodeAt(p) === STAR) p++
  return p === pattern.length
}

/** Whether the text is a pattern and not a plain name. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text)
}

/** Matches one character of text against the element at `p`; the next element, or -1. */
function matchOne(pattern: string, p: number, char: number): number {
  const code = pattern.charCodeAt(p)
  if (code === QUESTION) return p + 1
  if (code === OPEN) return matchSet(pattern, p + 1, char)
  const at = code === BACKSLASH && p + 1 < pattern.length ? p + 1 : p
  return pattern.charCodeAt(at) === char ? at + 1 : -1
}

/** Matches one character against the set that opened before `p`; an unclosed set ends with the pattern. */
function matchSet(pattern: string, p: number, char: number): number {
  const negated = pattern.charCodeAt(p) === CARET
  if (negated) p++
  let found = false
  while (p < pattern.length) {
    const code = pattern.charCodeAt(p)
    if (code === CLOSE) {
      p++
      break
    }
    if (code === BACKSLASH && p + 1 < pattern.length) {
      if (pattern.charCodeAt(p + 1) === char) found = true
      p += 2
    } else if (pattern.charCodeAt(p + 1) === MINUS && p + 2 < pattern.length) {
      const end = pattern.charCodeAt(p + 2)
      if (char >= Math.min(code, end) && char <= Math.max(code, end)) found = true
      p += 3
    } else {
      if (code === char) found = true
      p++
    }
  }
  return found === negated ? -1 : p
}
