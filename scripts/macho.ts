/** What a module of macOS needs: libraries, and the oldest system. Read as `elf.ts` does. */
export interface MachO {
  readonly machine: number
  readonly libraries: readonly string[]
  /** What it calls itself. */
  readonly name: string | undefined
  /** Such as `11.0`. */
  readonly minimum: string | undefined
  /** Apple's processors refuse code without a signature. */
  readonly signed: boolean
}

const [loadLibrary, loadWeak, ownName, signature, minimumOld, minimumNew] = [
  0xc, 0x8000_0018, 0xd, 0x1d, 0x24, 0x32,
]

export function readMachO(file: Uint8Array): MachO {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const int = (at: number): number => view.getUint32(at, true)
  if (int(0) !== 0xfeedfacf) throw new Error('not a Mach-O file of 64 bits')
  const textAt = (from: number): string =>
    Buffer.from(file.subarray(from, file.indexOf(0, from))).toString('latin1')
  const libraries: string[] = []
  let name: string | undefined
  let minimum: string | undefined
  let signed = false
  for (let rest = int(16), at = 32; rest > 0; rest -= 1, at += int(at + 4)) {
    const command = int(at)
    if (command === loadLibrary || command === loadWeak) libraries.push(textAt(at + int(at + 8)))
    if (command === ownName) name = textAt(at + int(at + 8))
    if (command === minimumOld) minimum = versionOf(int(at + 8))
    if (command === minimumNew) minimum = versionOf(int(at + 12))
    if (command === signature) signed = true
  }
  return { machine: int(4), libraries, name, minimum, signed }
}

function versionOf(number: number): string {
  return `${number >> 16}.${(number >> 8) & 255}`
}
