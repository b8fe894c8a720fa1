import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import test from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { Peer, directory, echo, meeting, watched } from '../support/engine-peers.js'
import { dial, linked, noise, sameBytes, serve } from '../support/engine-sockets.js'
import { drivers, soon, underEachDriver } from '../support/engine.js'
import { linux, unix } from '../support/platforms.js'
import { until } from '../support/until.js'

// Code that is optimised has fewer calls, and so fewer places where the stack can end.
setFlagsFromString('--no-opt')

for (const io of drivers) {
  test(`${io}: sockets that only pending events lead to outlive the collector`, async (t) => {
    const { stdout, stderr } = await run('engine-gc', [io], ['--expose-gc', '--no-warnings'])
    t.is(stderr, '')
    t.deepEqual(JSON.parse(stdout), { received: 10 * 5 * 10, closed: 20, warnings: 0 })
  })

  unix(`${io}: signals neither cost an event nor change a timeout`, async (t) => {
    const { stdout, stderr } = await run('engine-signals', [io], [], (child) => {
      child.stdout?.once('data', () => {
        const timer = setInterval(() => child.kill('SIGUSR2') || clearInterval(timer), 1)
        child.once('exit', () => {
          clearInterval(timer)
        })
      })
    })
    const outcome = JSON.parse(stdout.split('\n')[1] ?? '') as Record<string, number>
    const { duration = 0, wrong, echoed = 0, signals = 0 } = outcome
    t.is(wrong, 0, stderr)
    t.true(duration >= 299 && duration < 3000, `${duration} ms`)
    t.true(echoed > 100, `${echoed} bytes`)
    t.true(signals > 0)
  })

  linux(`${io}: writing to nobody is an error, even with SIGPIPE at its default`, async (t) => {
    const outcome = await run('engine-sigpipe', [io, `${directory(t)}/socket`])
    t.deepEqual({ code: outcome.code, signal: outcome.signal }, { code: 0, signal: null })
    const { isDefault, outcomes } = JSON.parse(outcome.stdout) as {
      isDefault: boolean
      outcomes: string[]
    }
    t.true(isDefault, 'a write without precautions would end the process')
    for (const code of outcomes) t.regex(code, /^(EPIPE|ECONNRESET)$/)
    t.is(outcomes.length, 2)
  })
}

for (const io of drivers) {
  linux(`${io}: a child process gets no descriptor of an engine`, async (t) => {
    // Each of these opens its own to look at.
    const ofChild = (): number => {
      const { stdout } = spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' })
      return stdout.trim().split('\n').length
    }
    const before = ofChild()
    const { Engine } = await import('mio-js/engine')
    const engine = new Engine({ io, threads: 4 })
    const own = readdirSync('/proc/self/fd').length
    for (const options of [{}, { path: `${directory(t)}/socket` }]) {
      const { port } = serve(engine, {}, options)
      for (let n = 0; n < 20; n += 1) await dial(engine, 'path' in options ? options : { port })
    }
    t.true(readdirSync('/proc/self/fd').length >= own + 80)
    t.is(ofChild(), before)
    await engine.close()
  })
}

underEachDriver('engines of one thread know nothing of each other', async (t, make) => {
  const [first, second] = [make(), make({ threads: 2 })]
  const one = await meeting(t, first, { socket: echo })
  const two = await meeting(t, second, { socket: echo })
  const { handlers, closed } = watched()
  const socket = await soon(
    first.connect({ hostname: '127.0.0.1', port: two.server.port!, socket: handlers }),
  )
  t.is(await one.peer.echoes('first'), 'first')
  t.is(await two.peer.echoes('second'), 'second')
  await soon(second.close())
  t.is((await soon(closed)).socket, socket)
  t.is(await two.peer.outcome(), 'ECONNRESET')
  t.is(await one.peer.echoes('still here'), 'still here')
  t.is(one.server.stats().open, 1)
})

underEachDriver('engines come and go', async (t, make) => {
  for (let n = 0; n < 30; n += 1) {
    const engine = make({ threads: 1 + (n % 3) })
    const { server } = await linked(engine)
    t.is(server.connections, 1)
    await soon(engine.close())
  }
})

underEachDriver(
  'a stack that overflows in a call of the engine is only an error',
  async (t, make) => {
    const errors = new Set<string>()
    let written = 0
    const { socket, peer, server } = await meeting(t, make(), {
      socket: {
        data(self) {
          // Somewhere on the way down there is no room for one of the functions inside. For which
          // one depends on where the way begins.
          const descend = (): void => {
            for (const call of calls) {
              try {
                call()
              } catch (error) {
                errors.add((error as Error).name)
              }
            }
            descend()
          }
          const calls = [
            () => {
              self.write('w')
              written += 1
            },
            () => {
              self.cork(() => {
                self.tryWrite(Buffer.from('w'))
                written += 1
              })
            },
            () => self.setTimeout(60_000),
            () => self.pause().resume(),
          ]
          const descendFrom = (..._room: undefined[]): void => descend()
          for (let words = 0; words < 48; words += 1) {
            try {
              descendFrom(...Array.from<undefined>({ length: words }))
            } catch (error) {
              errors.add((error as Error).name)
            }
          }
          self.write('!')
        },
      },
      maxPending: Infinity,
      highWaterMark: Infinity,
    })
    peer.write('x')
    await until('all is there', () => peer.received.endsWith('!'))
    t.deepEqual([...errors], ['RangeError'])
    t.true(/^w+!$/.test(peer.received), 'nothing that nobody wrote')
    // One whose function had returned is there; one that failed may be there or not.
    t.true(peer.received.length >= written + 1)
    t.is(server.connections, 1)
    const other = await Peer.connect(t, server.port!)
    const bytes = noise(1000)
    socket.write(bytes)
    const text = await peer.receives(peer.received.length + 1000)
    sameBytes(t, Buffer.from(text.slice(-1000), 'latin1'), bytes)
    other.socket.destroy()
  },
)
