/** Pages that are no files of `docs/`: copies of Markdown from elsewhere, and files that pages have links to. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { copies, generated, isOutside, sourcePlace } from './places.js'

/** The Markdown files of `docs/` that people write. */
export function writtenPages(): string[] {
  return readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join('docs', name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.md') && !/\/(node_modules|generated)\//.test(path))
    .toSorted()
}

export function write(page: string, text: string): void {
  const file = join(generated, page)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Links keep to where the file stands: `origin` is what they are resolved by. */
export function copyPages(): void {
  for (const [path, name] of copies) {
    write(`${name}.md`, `---\norigin: ${path}\n---\n\n${readFileSync(path, 'utf8')}`)
  }
}

/** Files of the repository that a page has links to, and that are no pages. */
function sourcesOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)]
    .filter(([, image, link]) => image === '' && !isOutside(link as string))
    .map(([, , link]) => posix.join(posix.dirname(page), (link as string).split('#')[0] as string))
    .filter((path) => !path.endsWith('.md') && existsSync(path) && statSync(path).isFile())
}

/** Copies them to where VitePress takes files as they are. */
export function copySources(): void {
  const pages = [...writtenPages(), ...copies.keys()]
  for (const path of new Set(pages.flatMap(sourcesOf))) {
    const file = join(generated, 'public', sourcePlace(path))
    mkdirSync(dirname(file), { recursive: true })
    copyFileSync(path, file)
  }
}
