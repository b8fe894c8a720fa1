/**
 * What an ELF module needs of the system that loads it. Read from the file itself, so that
 * binaries of every processor can be checked on any machine.
 */
export interface Elf {
  readonly machine: number
  /** The shared libraries that it names. */
  readonly needed: readonly string[]
  /** The versions of symbols that it needs, such as `GLIBC_2.17`. */
  readonly versions: readonly string[]
  /** Symbols that must be found, and belong to no version of a library. */
  readonly unversioned: readonly string[]
  /** Whether code must be changed as it is loaded: hardened systems refuse that. */
  readonly textRelocations: boolean
  /** Whether it stays mapped when it is closed. */
  readonly noDelete: boolean
  readonly sections: readonly string[]
}

interface Section {
  readonly name: string
  readonly type: number
  readonly link: number
  readonly entries: number
  readonly bytes: DataView
}

const empty: Section = {
  name: '',
  type: 0,
  link: 0,
  entries: 0,
  bytes: new DataView(new ArrayBuffer(0)),
}

/** Types of sections. */
const [dynamic, symbols, needs] = [6, 11, 0x6ffffffe]

export function readElf(file: Uint8Array): Elf {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (view.getUint32(0) !== 0x7f454c46) throw new Error('not an ELF file')
  const wide = view.getUint8(4) === 2
  const little = view.getUint8(5) === 1
  const half = (from: DataView, at: number): number => from.getUint16(at, little)
  const int = (from: DataView, at: number): number => from.getUint32(at, little)
  const word = (from: DataView, at: number): number =>
    wide ? Number(from.getBigUint64(at, little)) : int(from, at)

  const slice = (at: number, length: number): DataView =>
    new DataView(file.buffer, file.byteOffset + at, length)
  const start = word(view, wide ? 40 : 32)
  const size = half(view, wide ? 58 : 46)
  const count = half(view, wide ? 60 : 48)
  const raw = Array.from({ length: count }, (_, index) => {
    const header = slice(start + index * size, size)
    const type = int(header, 4)
    const length = type === 8 ? 0 : word(header, wide ? 32 : 20)
    const bytes = slice(length === 0 ? 0 : word(header, wide ? 24 : 16), length)
    const link = int(header, wide ? 40 : 24)
    return { name: int(header, 0), type, link, entries: int(header, wide ? 44 : 28), bytes }
  })
  const names = raw[half(view, wide ? 62 : 50)]
  if (names === undefined) throw new Error('an ELF file without names of sections')
  const sections: Section[] = raw.map((section) => ({
    ...section,
    name: textAt(names.bytes, section.name),
  }))
  const find = (type: number): Section | undefined => sections.find((one) => one.type === type)
  const stringsOf = (section: Section): DataView =>
    sections[section.link]?.bytes ?? new DataView(new ArrayBuffer(1))

  const entries = find(dynamic)
  const tags = entries === undefined ? [] : rows(entries, wide ? 16 : 8)
  const values = tags.map((row): [number, number] => [word(row, 0), word(row, wide ? 8 : 4)])
  const valuesOf = (tag: number): number[] =>
    values.filter(([found]) => found === tag).map(([, value]) => value)

  const versions: string[] = []
  const table = find(needs) ?? { ...empty, entries: 0 }
  for (let index = 0, at = 0; index < table.entries; index += 1) {
    let name = at + int(table.bytes, at + 8)
    for (let rest = half(table.bytes, at + 2); rest > 0; rest -= 1) {
      versions.push(textAt(stringsOf(table), int(table.bytes, name + 8)))
      name += int(table.bytes, name + 12)
    }
    at += int(table.bytes, at + 12)
  }

  const list = find(symbols) ?? empty
  const numbers = sections.find(({ name }) => name === '.gnu.version')
  const unversioned = rows(list, wide ? 24 : 16).filter((row, index) => {
    const isUndefined = half(row, wide ? 6 : 14) === 0
    const isWeak = row.getUint8(wide ? 4 : 12) >> 4 === 2
    const version = numbers === undefined ? 0 : half(numbers.bytes, index * 2) & 0x7fff
    return index > 0 && isUndefined && !isWeak && version < 2
  })
  return {
    machine: half(view, 18),
    needed: entries === undefined ? [] : valuesOf(1).map((at) => textAt(stringsOf(entries), at)),
    versions: [...new Set(versions)],
    unversioned: unversioned.map((row) => textAt(stringsOf(list), int(row, 0))),
    textRelocations: valuesOf(22).length > 0 || valuesOf(30).some((flags) => (flags & 4) !== 0),
    noDelete: valuesOf(0x6ffffffb).some((flags) => (flags & 8) !== 0),
    sections: sections.map(({ name }) => name),
  }
}

function rows({ bytes }: Section, size: number): DataView[] {
  return Array.from(
    { length: Math.floor(bytes.byteLength / size) },
    (_, index) => new DataView(bytes.buffer, bytes.byteOffset + index * size, size),
  )
}

function textAt(bytes: DataView, at: number): string {
  let text = ''
  for (let index = at; index < bytes.byteLength; index += 1) {
    const code = bytes.getUint8(index)
    if (code === 0) break
    text += String.fromCharCode(code)
  }
  return text
}
