/**
 * The site of the documentation, in a real browser. What the reference has, and what the Markdown
 * files link to, is checked here as well, as it is there by then.
 */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import test from 'ava'
import * as mio from 'mio-js'
import * as mioEngine from 'mio-js/engine'
import * as mioHttp from 'mio-js/http'
import * as mioNet from 'mio-js/net'
import type { Browser, BrowserContext } from 'playwright-core'
import type { Entry } from '../../scripts/docs/reference.js'
import '../support/census.js'
import { where } from '../support/platforms.js'
import {
  type Look,
  build,
  fileOf,
  launch,
  lookAt,
  missingBrowser,
  out,
  pagesOf,
  serve,
  watch,
} from '../support/site.js'

const missing = missingBrowser()
const seen = where(missing === undefined, `${missing}`)
const telephone = { width: 390, height: 844 }

let server: Server
let origin: string
let browser: Browser
let context: BrowserContext
let pages: readonly string[] = []
let looks = new Map<string, Look>()
const problems: string[] = []

test('it is built from the Markdown files and the doc comments', async (t) => {
  t.timeout(600_000)
  await build()
  pages = pagesOf(out)
  t.true(pages.length > 130, `${pages.length} pages`)
})

test('the reference has a page with an example for each name of each door', (t) => {
  const entries = JSON.parse(readFileSync('docs/generated/reference.json', 'utf8')) as Entry[]
  const examples = entries.filter(({ page }) =>
    readFileSync(`docs/generated/${page}`, 'utf8').includes('## Example\n'),
  )
  t.deepEqual(
    entries.filter((entry) => !examples.includes(entry)),
    [],
  )

  const named = new Set(examples.map(({ door, namespace, name }) => `${door} ${namespace} ${name}`))
  /** What the module of core has as well, which is described there; and what is internal. */
  const isElsewhere = (name: string, value: unknown, core: object): boolean =>
    ['default', 'module.exports', '_normalizeArgs'].includes(name) ||
    (core as Record<string, unknown>)[name] === value
  const missingOf = (door: string, namespace: string, module: object, core: object): string[] =>
    Object.entries(module)
      .filter(([name, value]) => !isElsewhere(name, value, core))
      .map(([name]) => `${door} ${namespace} ${name}`)
      .filter((name) => !named.has(name))
  t.deepEqual(
    [
      ...missingOf('mio-js', '', mio, {}),
      ...missingOf('engine', '', mioEngine, {}),
      ...missingOf('net', '', mioNet, net),
      ...missingOf('http', '', mioHttp, http).filter((name) => !/ (http|https|http2)$/.test(name)),
      ...missingOf('http', 'https', mioHttp.https, https),
      ...missingOf('http', 'http2', mioHttp.http2, http2),
    ],
    [],
  )
  t.regex(readFileSync('docs/generated/reference/register/index.md', 'utf8'), /## Example\n/)
})

seen('every page opens without a complaint, on a telephone', async (t) => {
  t.timeout(600_000)
  ;({ server, origin } = await serve(out))
  browser = await launch()
  context = await browser.newContext({ viewport: telephone })
  looks = await lookAt(context, origin, pages, problems)
  t.deepEqual(problems, [])
  t.is(looks.size, pages.length)
  t.true(looks.size > 0)
  for (const [address, { title, brokenImages }] of looks) {
    t.regex(title, /mio-js/, address)
    t.deepEqual(brokenImages, [], address)
  }
})

seen('no page is wider than the telephone', (t) => {
  t.true(looks.size > 0)
  const wide = [...looks].filter(([, one]) => one.width > one.seen)
  t.deepEqual(
    wide.map(([address, one]) => `${address}: ${one.width}`),
    [],
  )
})

seen('no link is dead, nor is an anchor', (t) => {
  t.true(looks.size > 0)
  const dead: string[] = []
  for (const [address, { links }] of looks) {
    for (const link of links.filter((one) => one.startsWith('/'))) {
      const [path = '', anchor = ''] = link.split('#') as [string, string?]
      const target = looks.get(path)
      const isThere = target === undefined ? fileOf(out, path) !== undefined : true
      const hasAnchor = anchor === '' || target?.ids.includes(decodeURIComponent(anchor))
      if (!isThere || hasAnchor !== true) dead.push(`${address}: ${link}`)
    }
  }
  t.deepEqual(dead, [])
})

seen('every page is reached by links from the first one', (t) => {
  t.true(looks.size > 0)
  const reached = new Set(['/'])
  for (const address of reached) {
    for (const link of looks.get(address)?.links ?? []) {
      const path = link.split('#')[0] as string
      if (looks.has(path)) reached.add(path)
    }
  }
  t.deepEqual(
    pages.filter((address) => !reached.has(address)),
    [],
  )
})

seen('blocks of code are copied by a button', async (t) => {
  for (const [address, { blocks, buttons }] of looks) t.is(buttons, blocks, address)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  await page.goto(`${origin}/engine`)
  const block = page.locator('.vp-doc div.language-js').first()
  await block.hover()
  await block.locator('button.copy').click()
  const [, program] = /^```js\n(.*?)```$/ms.exec(readFileSync('docs/engine.md', 'utf8')) ?? []
  await page.waitForFunction(`navigator.clipboard.readText().then((text) => text !== '')`)
  const copied = (await page.evaluate('navigator.clipboard.readText()')) as string
  t.is(copied.trim(), program?.trim() ?? 'a program')
  await page.close()
})

for (const [query, heading] of [
  ['ERR_PENDING_LIMIT', 'Errors'],
  ['recvMany', 'UdpSocket'],
  ['edge-triggered', 'Edge-triggered events'],
] as const) {
  seen(`the search finds ${heading} by ${query}, without the network`, async (t) => {
    const desktop = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const page = await desktop.newPage()
    const complaints: string[] = []
    watch(page, origin, complaints)
    await page.goto(`${origin}/`)
    await page.locator('#local-search button').click()
    await page.locator('.VPLocalSearchBox input').fill(query)
    const result = page.locator('.VPLocalSearchBox .result', { hasText: heading }).first()
    await result.click()
    await page.locator('.vp-doc h1', { hasText: heading }).waitFor()
    t.deepEqual(complaints, [])
    await desktop.close()
  })
}

seen('the browser ends, and so does the server', async (t) => {
  await browser.close()
  await new Promise((resolve) => server.close(resolve))
  t.false(server.listening)
})
