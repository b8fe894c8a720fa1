/** Says to the benchmark where a server listens. */
import type { AddressInfo, Server } from 'node:net'

export function announce(server: Pick<Server, 'address'>): void {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening ${address}:${port}`)
}
