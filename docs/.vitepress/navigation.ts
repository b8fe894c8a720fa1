/** What is where in the bars of the site. A page that is not there yet has no entry. */
import { readFileSync } from 'node:fs'
import type { DefaultTheme } from 'vitepress'
import { placeOf } from '../../scripts/docs/places.js'
import type { Entry } from '../../scripts/docs/reference.js'

type Item = DefaultTheme.SidebarItem
type Page = readonly [text: string, file: string]

const root = `${import.meta.dirname}/../..`

const guide: readonly (readonly [string, readonly Page[]])[] = [
  [
    'Begin',
    [
      ['Which door is for me', 'docs/README.md'],
      ['Install', 'docs/install.md'],
      ['Measure your program', 'docs/measuring.md'],
      ['Platforms', 'docs/platforms.md'],
    ],
  ],
  [
    'The doors',
    [
      ['mio-js: the mirror', 'docs/mirror.md'],
      ['mio-js/engine', 'docs/engine.md'],
      ['mio-js/net', 'docs/net.md'],
      ['mio-js/http', 'docs/http.md'],
      ['mio-js/register', 'docs/register.md'],
    ],
  ],
  [
    'How it works',
    [
      ['Edge-triggered events', 'docs/edge-triggered.md'],
      ['The connect handshake', 'docs/connecting.md'],
      ['I/O threads and auto', 'docs/threads.md'],
      ['Worker threads', 'docs/workers.md'],
      ['Socket options', 'docs/options.md'],
    ],
  ],
  [
    'Moving here',
    [
      ['From node:net', 'docs/from-net.md'],
      ['From Bun.listen', 'docs/from-bun.md'],
      ['From mio in Rust', 'docs/from-mio.md'],
    ],
  ],
  [
    'In production',
    [
      ['Operations', 'docs/operations.md'],
      ['Errors', 'docs/errors.md'],
      ['Reliability', 'docs/reliability.md'],
      ['Faults', 'docs/faults.md'],
      ['Security', 'SECURITY.md'],
    ],
  ],
  [
    'The project',
    [
      ['Benchmarks', 'docs/benchmarks.md'],
      ['How it is measured', 'benchmark/README.md'],
      ['Examples', 'examples/README.md'],
      ['Changelog', 'CHANGELOG.md'],
      ['Contributing', 'CONTRIBUTING.md'],
    ],
  ],
]

const recipes: readonly Page[] = [
  ['All of them', 'docs/drop-in.md'],
  ['pg', 'docs/recipes/pg.md'],
  ['postgres', 'docs/recipes/postgres.md'],
  ['ioredis', 'docs/recipes/ioredis.md'],
  ['node-redis', 'docs/recipes/node-redis.md'],
  ['mysql2', 'docs/recipes/mysql2.md'],
  ['undici', 'docs/recipes/undici.md'],
  ['fetch', 'docs/recipes/fetch.md'],
  ['ws', 'docs/recipes/ws.md'],
  ['fastify', 'docs/recipes/fastify.md'],
  ['express', 'docs/recipes/express.md'],
  ['socket.io', 'docs/recipes/socket-io.md'],
  ['mqtt', 'docs/recipes/mqtt.md'],
  ['nats', 'docs/recipes/nats.md'],
  ['https and http2', 'docs/recipes/https.md'],
]

function items(pages: readonly Page[]): Item[] {
  return pages.flatMap(([text, file]) => {
    const link = placeOf(file, root)
    return link === undefined ? [] : [{ text, link }]
  })
}

function reference(): Item[] {
  const file = `${import.meta.dirname}/../generated/reference.json`
  const entries = JSON.parse(readFileSync(file, 'utf8')) as Entry[]
  const linkOf = (page: string): string => `/${page.replace(/\.md$/, '')}`
  return ['mio-js', 'engine', 'net', 'http', 'register'].map((door) => {
    const own = entries.filter((entry) => entry.door === door)
    const named = own.filter(({ namespace }) => namespace === '')
    const kinds = [...new Set(named.map(({ kind }) => kind))].map((kind) => ({
      text: kind,
      items: named
        .filter((entry) => entry.kind === kind)
        .map(({ name, page }) => ({ text: name, link: linkOf(page) })),
    }))
    const inside = own
      .filter(({ namespace }) => namespace !== '')
      .map(({ namespace, name, page }) => ({ text: `${namespace}.${name}`, link: linkOf(page) }))
    return {
      text: door === 'mio-js' ? door : `mio-js/${door}`,
      link: `/reference/${door}/`,
      collapsed: true,
      items: [...kinds, ...(inside.length > 0 ? [{ text: 'https, http2', items: inside }] : [])],
    }
  })
}

export function sidebar(): DefaultTheme.Sidebar {
  const written = guide.map(([text, pages]) => ({ text, items: items(pages) }))
  return {
    '/reference/': [
      {
        text: 'Reference',
        items: [...items([['mio, item by item', 'docs/api.md']]), ...reference()],
      },
    ],
    '/api': [
      {
        text: 'Reference',
        items: [...items([['mio, item by item', 'docs/api.md']]), ...reference()],
      },
    ],
    '/recipes/': [{ text: 'Recipes', items: items(recipes) }],
    '/drop-in': [{ text: 'Recipes', items: items(recipes) }],
    '/': written,
  }
}

/** The page of `npm run bench -- report`, or how its parts are measured while there is none. */
const benchmarks = placeOf('docs/benchmarks.md', root) ?? '/measurements'

export const nav: DefaultTheme.NavItem[] = [
  {
    text: 'Guide',
    link: '/',
    activeMatch: '^/(?!reference/|api|recipes/|drop-in|benchmarks|measurements|operations)',
  },
  { text: 'Reference', link: '/reference/mio-js/', activeMatch: '^/(reference/|api)' },
  { text: 'Recipes', link: '/drop-in', activeMatch: '^/(recipes/|drop-in)' },
  { text: 'Operations', link: '/operations', activeMatch: '^/operations' },
  { text: 'Benchmarks', link: benchmarks, activeMatch: '^/(benchmarks|measurements)' },
]
