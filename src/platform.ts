/** Platform, architecture and C library, as in the name of the platform's package. */
export function tuple(): string {
  return (known ??= findTuple())
}

/** Asking costs some milliseconds. */
let known: string | undefined

function findTuple(): string {
  const { arch, platform } = process
  if (platform === 'win32') return `win32-${arch}-msvc`
  if (platform !== 'linux') return `${platform}-${arch}`
  if (isMusl()) return `linux-${arch}-musl`
  return `linux-${arch}-${arch === 'arm' ? 'gnueabihf' : 'gnu'}`
}

function isMusl(): boolean {
  const report = process.report as
    (typeof process.report & { excludeNetwork?: boolean }) | undefined
  if (report === undefined) return false
  // A report with network interfaces may look names up, which takes seconds.
  const before = report.excludeNetwork
  report.excludeNetwork = true
  const { header } = report.getReport() as unknown as {
    header: { glibcVersionRuntime?: string }
  }
  report.excludeNetwork = before ?? false
  return header.glibcVersionRuntime === undefined
}
