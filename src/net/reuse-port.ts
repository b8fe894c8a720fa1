/** Where the system deals a port's connections to all servers that share it: what libuv asks for. */
const platforms = new Set(['aix', 'android', 'dragonfly', 'freebsd', 'linux', 'sunos'])

/** Whether servers can share a port; elsewhere Node says `ENOTSUP`, so that programs do without. */
export function canReusePort(): boolean {
  return platforms.has(process.platform)
}
