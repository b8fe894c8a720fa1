/** Markdown is written for GitHub; what the site needs beyond that is made here. */
import { posix, relative } from 'node:path'
import { slug } from 'github-slugger'
import type { MarkdownEnv, MarkdownOptions } from 'vitepress'
import { resolveLink } from '../../scripts/docs/places.js'

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0]
type State = Parameters<Parameters<MarkdownIt['core']['ruler']['push']>[1]>[0]

const root = `${import.meta.dirname}/../..`

/** The file of a page, as it is in the repository. */
function fileOf({ path, realPath }: MarkdownEnv): string {
  return relative(root, realPath ?? path).replaceAll('\\', '/')
}

/** Where a page stands in the repository: links and snippets in it go from there. */
function originOf(env: MarkdownEnv): string {
  return (env.frontmatter?.['origin'] as string | undefined) ?? fileOf(env)
}

/** A paragraph that is a link to a program, and nothing else, becomes the program itself. */
function showPrograms(state: State): void {
  const origin = originOf(state.env as MarkdownEnv)
  state.src = state.src.replaceAll(
    /^\[`([^`]+)`\]\(([^)\s]+\.([jt]s))\):?$/gm,
    (_, name, link, language) => {
      const file = posix.join(posix.dirname(origin), link as string)
      return `\`${name}\`:\n\n<<< @/../${file}{${language}}`
    },
  )
}

function resolveLinks(state: State): void {
  const origin = originOf(state.env as MarkdownEnv)
  const folder = posix.dirname(fileOf(state.env as MarkdownEnv))
  for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
    const href = token.type === 'link_open' ? token.attrGet('href') : null
    if (href !== null) token.attrSet('href', resolveLink(origin, href, root))
    const src = token.type === 'image' ? token.attrGet('src') : null
    if (src === null || /^[a-z]+:/.test(src)) continue
    const file = posix.join(posix.dirname(origin), src)
    token.attrSet('src', `./${posix.relative(folder, file)}`)
  }
}

export const markdown: MarkdownOptions = {
  // The anchors of GitHub.
  anchor: { slugify: (text) => slug(text) },
  // Links say in their text where they lead.
  externalLinks: { rel: 'noreferrer' },
  config(md) {
    md.core.ruler.before('block', 'programs', showPrograms)
    md.core.ruler.push('places', resolveLinks)
  },
}
