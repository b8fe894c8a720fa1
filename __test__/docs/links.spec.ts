/** Links between the Markdown files, as GitHub and editors follow them; those of the site are for site.spec.ts. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import test from 'ava'
import '../support/census.js'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'benchmark/README.md',
  'examples/README.md',
  'fuzz/README.md',
  ...pagesBelow('docs'),
]

/** Those that are written; what `npm run docs` writes has links of the site. */
function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (['node_modules', 'generated', '.vitepress'].includes(entry.name)) return []
    if (entry.isDirectory()) return pagesBelow(path)
    return path.endsWith('.md') ? [path] : []
  })
}

/** What is neither a block of code nor code in a line. */
function proseOf(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]+`/g, 'code')
}

/** Where the links and pictures of a page lead; those into the web are others'. */
function linksOf(text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^[a-z]+:/.test(link))
}

/** The anchors that GitHub makes of the headings of a page. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  const counts = new Map<string, number>()
  for (const [, heading = ''] of text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`)
  }
  return anchors
}

/** Why a link leads nowhere, if it does. */
function fault(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : posix.join(posix.dirname(page), path)
  if (!existsSync(file)) return `${page}: ${link}: there is no ${file}`
  if (anchor === undefined) return undefined
  const target = statSync(file).isDirectory() ? posix.join(file, 'README.md') : file
  if (anchorsOf(readFileSync(target, 'utf8')).has(anchor)) return undefined
  return `${page}: ${link}: there is no such heading in ${target}`
}

test('what the README, CONTRIBUTING and all pages link to is there, headings included', (t) => {
  let count = 0
  const dead = pages.flatMap((page) =>
    linksOf(readFileSync(page, 'utf8')).flatMap((link) => {
      count += 1
      return fault(page, link) ?? []
    }),
  )
  t.deepEqual(dead, [])
  t.true(count > 200, `${count} links`)
})

test('a link to a file or a heading that is not there would be found', (t) => {
  t.deepEqual(linksOf('[a](b.md#c) `[no](d.md)` ![e](f.svg) [g](https://h.test/)'), [
    'b.md#c',
    'f.svg',
  ])
  const anchors = [...anchorsOf('# `a.b()` and [C](d.md)\n\n## Twice\n\n## Twice\n')]
  t.deepEqual(anchors, ['ab-and-c', 'twice', 'twice-1'])
  t.is(fault('README.md', 'docs/README.md#what-loses'), undefined)
  t.regex(fault('README.md', 'docs/nowhere.md') ?? '', /there is no docs\/nowhere\.md$/)
  t.regex(fault('docs/README.md', '#what-wins') ?? '', /no such heading in docs\/README\.md$/)
})
