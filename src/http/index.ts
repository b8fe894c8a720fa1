/**
 * `mio-js/http`: Node's own `http`, `https` and `http2`, over `mio-js/net`. Everything of `http` is
 * here by itself, too, so that a program that imports from `node:http` needs another specifier alone.
 * `default` is `http`. What has no page here is the same as in the module of core; docs/http.md has the
 * differences.
 *
 * @module
 */
import * as http from './http.ts'

export * from './http.ts'
export { http, http as default }
export * as https from './https.ts'
export * as http2 from './http2.ts'
export type { OwnOptions } from './serve.ts'
