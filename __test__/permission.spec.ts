/** Modes of Node, and its permission model: what the package needs, and what it does where that is refused. */
import './support/census.js'
import { run } from './support/child.js'
import { where } from './support/platforms.js'
import { isNode } from './support/runtime.js'

const ofNode = where(isNode, 'modes of Node')

const [major = 0] = process.versions.node.split('.').map(Number)
const known = isNode ? process.allowedNodeEnvironmentFlags : new Set<string>()
const model = known.has('--permission') ? '--permission' : '--experimental-permission'
/** Of networks there is no permission before. */
const hasNet = known.has('--allow-net')

interface Failure {
  code?: string
  cause?: string
  message: string
}

type Seen = Record<'mirror' | 'engine' | 'name' | 'net' | 'http' | 'core', string | Failure>

async function permitted(...permissions: string[]): Promise<Seen> {
  const { code, signal, stdout, stderr } = await run(
    'permitted',
    [],
    [model, `--allow-fs-read=${process.cwd()}`, ...permissions],
  )
  if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`)
  return JSON.parse(stdout) as Seen
}

const everywhere = { mirror: 'bytes', engine: 'bytes', name: 'bytes', net: 'bytes', http: 'bytes' }

for (const [modes, without] of [
  [['--frozen-intrinsics', '--disable-proto=delete', '--zero-fill-buffers'], ''],
  // Node 22 cannot import its own http then, for lack of WebAssembly.
  [['--jitless', '--disable-proto=throw'], 'http'],
] as const) {
  ofNode(`with ${modes.join(' and ')} every door works`, async (t) => {
    const doors = Object.keys(everywhere).filter((door) => door !== without)
    const { code, signal, stdout, stderr } = await run('permitted', doors, [
      '--no-warnings',
      ...modes,
    ])
    t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
    t.deepEqual(JSON.parse(stdout), Object.fromEntries(doors.map((door) => [door, 'bytes'])))
  })
}

ofNode('without permission for addons one error says which flag is missing', async (t) => {
  const { core: _, ...doors } = await permitted(...(hasNet ? ['--allow-net'] : []))
  for (const [door, seen] of Object.entries(doors)) {
    const { code, cause, message } = seen as Failure
    t.is(code, 'ERR_MIO_BINDING_NOT_FOUND', door)
    t.is(cause, 'ERR_DLOPEN_DISABLED', door)
    t.regex(message, /--permission needs --allow-addons/, door)
  }
})

ofNode('with permissions for addons and for reading the package each door works', async (t) => {
  const seen = await permitted('--allow-addons', ...(hasNet ? ['--allow-net'] : []))
  t.deepEqual(seen, { ...everywhere, core: 'bytes' })
})

where(hasNet, `Node ${major} has no permission for networks`)(
  'without permission for networks sockets of addons work all the same, and names are not found',
  async (t) => {
    const { core, name, ...others } = await permitted('--allow-addons')
    for (const [door, seen] of Object.entries(others)) t.is(seen, 'bytes', door)
    t.is((core as Failure).code, 'ERR_ACCESS_DENIED')
    // It is Node that asks for the addresses of names.
    t.is((name as Failure).code, 'ERR_ACCESS_DENIED')
  },
)
