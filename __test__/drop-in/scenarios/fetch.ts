import type { Address, Context } from './client.ts'

export { close, steps } from './client.ts'

/** Node's own `fetch`. It trusts what `NODE_EXTRA_CA_CERTS` says. */
export async function open(_door: string, { port, nobody, securePort }: Address): Promise<Context> {
  return {
    fetch: fetch as unknown as Context['fetch'],
    base: `http://127.0.0.1:${port}`,
    nobody,
    secure: `https://localhost:${securePort}`,
    close: async () => {},
  }
}
