/** What a module of Windows needs: the DLLs that it imports. Read as `elf.ts` does. */
export interface Pe {
  readonly machine: number
  readonly imports: readonly string[]
}

export function readPe(file: Uint8Array): Pe {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const int = (at: number): number => view.getUint32(at, true)
  const start = int(0x3c)
  if (int(start) !== 0x4550) throw new Error('not a PE file')
  const optional = start + 24
  const directories = optional + (view.getUint16(optional, true) === 0x20b ? 112 : 96)
  const sections = optional + view.getUint16(start + 20, true)
  const count = view.getUint16(start + 6, true)
  /** Where an address of the loaded module is in the file. */
  const place = (address: number): number => {
    for (let at = sections; at < sections + count * 40; at += 40) {
      const offset = address - int(at + 12)
      if (offset >= 0 && offset < Math.max(int(at + 8), int(at + 16))) return offset + int(at + 20)
    }
    throw new Error(`no section has the address ${address}`)
  }
  const imports: string[] = []
  // Of each kind of table: its number, the size of a row, and where in it the name is.
  for (const [number, size, name] of [
    [1, 20, 12],
    [13, 32, 4],
  ] as const) {
    const table = int(directories + number * 8)
    if (table === 0) continue
    for (let at = place(table); int(at + name) !== 0; at += size) {
      const from = place(int(at + name))
      const end = file.indexOf(0, from)
      imports.push(Buffer.from(file.subarray(from, end)).toString('latin1').toLowerCase())
    }
  }
  return { machine: view.getUint16(start + 4, true), imports }
}
