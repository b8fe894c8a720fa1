/** The error's code, such as EADDRINUSE; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Whether the error is the operating system's: it then has its number. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'errno' in error
}
