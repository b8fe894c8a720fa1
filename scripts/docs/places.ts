/**
 * Where the files of the repository are on the site. The Markdown files of `docs/` are its pages as
 * they stand; links in them are those that GitHub follows, so they are resolved by this.
 */
import { existsSync, statSync } from 'node:fs'
import { posix } from 'node:path'

/** Pages from outside of `docs/`, by their names on the site. */
export const copies: ReadonlyMap<string, string> = new Map([
  ['benchmark/README.md', 'measurements'],
  ['examples/README.md', 'examples'],
  ['fuzz/README.md', 'fuzzing'],
  ['CHANGELOG.md', 'changelog'],
  ['CONTRIBUTING.md', 'contributing'],
  ['SECURITY.md', 'security'],
])

/** What `npm run docs` writes below `docs/`, and git does not have. */
export const generated = 'docs/generated'

/** Files that are no pages are there as plain text, which every browser shows. */
export function sourcePlace(path: string): string {
  return path.endsWith('.json') ? `source/${path}` : `source/${path}.txt`
}

/** The address of a file or folder of the repository; undefined if there is no such thing. */
export function placeOf(path: string, root = '.'): string | undefined {
  const file = posix.join(root, path)
  if (!existsSync(file)) return undefined
  if (statSync(file).isDirectory()) return placeOf(posix.join(path, 'README.md'), root)
  const copy = copies.get(path)
  if (copy !== undefined) return `/${copy}`
  if (path === 'README.md') return '/'
  if (!path.endsWith('.md')) return `/${sourcePlace(path)}`
  return path.startsWith('docs/') ? `/${addressOf(path.slice('docs/'.length))}` : undefined
}

/** The address of a page below `docs/`, without the slash at its beginning. */
function addressOf(page: string): string {
  return page
    .replace(/^generated\//, '')
    .replace(/\.md$/, '')
    .replace(/(^|\/)(README|index)$/, '$1')
}

/** The file that VitePress is to make of a page, both below `docs/`. */
export function rewrite(page: string): string {
  return page.replace(/^generated\//, '').replace(/(^|\/)README\.md$/, '$1index.md')
}

/** A link that leads elsewhere than into the repository. */
export function isOutside(link: string): boolean {
  return /^([a-z]+:|\/|#)/.test(link)
}

/**
 * A link in the file `from`, as the site has it. What does not exist is left as it is: then the
 * build fails and names it.
 */
export function resolveLink(from: string, link: string, root = '.'): string {
  if (isOutside(link)) return link
  const [path = '', anchor] = link.split('#')
  const place = placeOf(posix.join(posix.dirname(from), path), root)
  if (place === undefined) return link
  return anchor === undefined ? place : `${place}#${anchor}`
}
