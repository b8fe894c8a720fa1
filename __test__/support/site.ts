/** The site of the documentation: built, served as a web server would, and looked at in a browser. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core'
import { isComplete } from './platforms.js'
import { find } from './servers/tools.js'

export const out = 'build/test-site'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/** Builds it by the command, and rejects with all that was printed if that fails. */
export async function build(): Promise<void> {
  rmSync(out, { recursive: true, force: true })
  const child = spawn(process.execPath, ['build/scripts/docs.js', '--out', out], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  if (code !== 0) throw new Error(`the site was not built: ${code}\n${stdout}\n${stderr}`)
}

/** Addresses of all pages, as links name them: without `.html`, folders with a slash. */
export function pagesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.html') && name !== '/404.html')
    .map((name) => name.replace(/\.html$/, '').replace(/\/index$/, '/'))
    .toSorted()
}

/** The file for an address, as servers of static files look it up. */
export function fileOf(folder: string, address: string): string | undefined {
  const path = join(folder, decodeURIComponent(address))
  return [path, `${path}.html`, join(path, 'index.html')].find(
    (file) => existsSync(file) && statSync(file).isFile(),
  )
}

export async function serve(folder: string): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const file = fileOf(folder, pathname)
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    const type = types[extname(file)] ?? 'application/octet-stream'
    const cache = pathname.startsWith('/assets/') ? 'max-age=3600' : 'no-store'
    response.writeHead(200, { 'content-type': type, 'cache-control': cache })
    response.end(readFileSync(file))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A Chromium, or a Chrome, of this machine. */
export function browserFile(): string | undefined {
  const names = [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome.exe',
  ]
  const elsewhere = [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ]
  return [process.env['CHROME_PATH'], ...names.map(find), ...elsewhere.filter(existsSync)].find(
    (file) => file !== undefined,
  )
}

/** Why there is no browser to look with; fails where all tools are there. */
export function missingBrowser(): string | undefined {
  if (browserFile() !== undefined || isComplete) return undefined
  return 'there is no Chromium: apt-get install chromium, or CHROME_PATH'
}

export async function launch(): Promise<Browser> {
  const executablePath = browserFile()
  if (executablePath === undefined) throw new Error('there is no Chromium')
  return chromium.launch({ executablePath })
}

/** What went wrong in the pages of a context: messages of the console, requests that fail or leave the site. */
export function watch(page: Page, origin: string, problems: string[]): void {
  const tell = (what: string): void =>
    void problems.push(`${new URL(page.url()).pathname}: ${what}`)
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) tell(message.text())
  })
  page.on('pageerror', (error) => tell(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith('data:')) tell(`asks for ${url}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) tell(`${response.status()} for ${response.url()}`)
  })
}

/** What is to be known of a page. */
export interface Look {
  readonly title: string
  /** Of links: with the anchor, without the origin if it is the site's. */
  readonly links: readonly string[]
  readonly ids: readonly string[]
  /** How wide the page is, and how much of that is seen. */
  readonly width: number
  readonly seen: number
  readonly brokenImages: readonly string[]
  /** Blocks of code, and those that have a button to copy them. */
  readonly blocks: number
  readonly buttons: number
}

/** Run in the page. Text, as the types of browsers are not those of Node. */
const looking = `({
  title: document.title,
  links: [...document.querySelectorAll('a[href]')].map(({ href }) =>
    href.startsWith(location.origin) ? href.slice(location.origin.length) : href),
  ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
  width: document.documentElement.scrollWidth,
  seen: document.documentElement.clientWidth,
  brokenImages: [...document.images].filter((one) => one.naturalWidth === 0).map(({ src }) => src),
  blocks: document.querySelectorAll('.vp-doc div[class*="language-"] pre').length,
  buttons: document.querySelectorAll('.vp-doc div[class*="language-"] > button.copy').length,
})`

async function look(page: Page, url: string): Promise<Look> {
  await page.goto(url, { waitUntil: 'load' })
  // From then on it is what the scripts have made of it.
  await page.waitForFunction(`'__vue_app__' in document.querySelector('#app')`)
  return (await page.evaluate(looking)) as Look
}

/** Looks at many pages, several at a time. */
export async function lookAt(
  context: BrowserContext,
  origin: string,
  pages: readonly string[],
  problems: string[],
): Promise<Map<string, Look>> {
  const looks = new Map<string, Look>()
  const waiting = [...pages]
  const tab = async (): Promise<void> => {
    const page = await context.newPage()
    watch(page, origin, problems)
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      looks.set(next, await look(page, origin + next))
    }
    await page.close()
  }
  await Promise.all(Array.from({ length: 3 }, tab))
  return looks
}
