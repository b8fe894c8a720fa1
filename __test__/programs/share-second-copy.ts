/**
 * Takes a shared source with another copy of the binary, as two versions in one program would. The
 * copy goes into a folder that the caller removes, as Windows lets nobody remove what is loaded.
 */
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TcpListener } from 'mio-js'
import { failure } from '#src/errors.js'
import { Kind } from '#src/kind.js'
import type { Native } from '#src/native.js'
import { tuple } from '#src/platform.js'

const copy = join(process.argv[2] ?? '', 'copy.node')
copyFileSync(fileURLToPath(new URL(`../../../mio-js.${tuple()}.node`, import.meta.url)), copy)
const other = createRequire(import.meta.url)(copy) as Native
const shared = TcpListener.bind('127.0.0.1:0').share()
const error: NodeJS.ErrnoException = failure(
  other.sourceTake(shared.source, Kind.TcpListener),
  'share',
)
const back = TcpListener.from(shared)
console.log(error.code, back.localAddr().port > 0)
back.close()
