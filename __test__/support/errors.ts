import type { ExecutionContext } from 'ava'

/** Asserts that `operation` throws an error with this code, and returns it. */
export function throwsCode(
  t: ExecutionContext,
  code: string,
  operation: () => unknown,
): NodeJS.ErrnoException {
  try {
    operation()
  } catch (error) {
    return checked(t, code, error)
  }
  return t.fail(`nothing was thrown, where ${code} should be`) as never
}

/** The same for a promise. */
export async function rejectsCode(
  t: ExecutionContext,
  code: string,
  promise: Promise<unknown>,
): Promise<NodeJS.ErrnoException> {
  try {
    await promise
  } catch (error) {
    return checked(t, code, error)
  }
  return t.fail(`nothing was rejected, where ${code} should be`) as never
}

function checked(t: ExecutionContext, code: string, error: unknown): NodeJS.ErrnoException {
  const { stack } = t.is((error as NodeJS.ErrnoException).code, code)
    ? { stack: '' }
    : (error as Error)
  t.true(error instanceof Error, stack)
  return error as NodeJS.ErrnoException
}
