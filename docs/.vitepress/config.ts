import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { rewrite } from '../../scripts/docs/places.js'
import { markdown } from './markdown.js'
import { nav, sidebar } from './navigation.js'

/** In the page itself: it is small, and right wherever the site is. */
const icon = `data:image/svg+xml;base64,${readFileSync(`${import.meta.dirname}/../images/icon.svg`).toString('base64')}`

export default defineConfig({
  title: 'mio-js',
  description:
    "The operating system's readiness polling for Node.js: Rust's mio, typed and prebuilt",
  lang: 'en',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: icon }]],
  cacheDir: '../build/vitepress',
  cleanUrls: true,
  rewrites: rewrite,
  // Pages are small; nobody's telephone need load those that are only linked.
  router: { prefetchLinks: false },
  markdown,
  vite: {
    build: { chunkSizeWarningLimit: 4096, reportCompressedSize: false },
    publicDir: 'generated/public',
    server: { fs: { allow: ['..'] } },
  },
  themeConfig: {
    nav,
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // Colours are of no use to the index, and half of the time.
        _render(text, env, md) {
          const { highlight } = md.options
          md.options.highlight = null
          try {
            return md.render(text, env)
          } finally {
            md.options.highlight = highlight ?? null
          }
        },
      },
    },
    externalLinkIcon: true,
  },
})
