import { once } from 'node:events'
import process from 'node:process'
import test, { type Implementation } from 'ava'
import {
  BROKEN as BROKEN_PROTOCOL,
  INCOMPLETE,
  RequestParser,
} from '../../examples/redis/parser.ts'
import { bulk, closed, connect, received, resp, transcript, untilClosed } from './redis/client.ts'
import { deadline, eventually } from './redis/deadline.ts'
import {
  finish,
  isInstalled,
  missingOf,
  programs,
  run,
  spawnLimited,
  spawnExample,
  startExample,
  startOracle,
  stopAll,
  type Running,
} from './redis/processes.ts'
import { createRandom, pieces, randomCommand, randomInline, randomRequest } from './redis/random.ts'
import { BROKEN, SESSION_REPLY, SESSION_REQUEST } from './redis/session.ts'

const MIB = 1024 * 1024

/** Other versions answer in other words. */
const hasOracle = isInstalled('redis-server', /v=7\.0\./)
const noOracle = hasOracle ? undefined : 'redis-server 7.0 is not installed'
const isWindows = process.platform === 'win32'

/** A real Redis of the version that is imitated; undefined where there is none. */
let oracle: Running | undefined

test.before('start a real Redis', async () => {
  if (hasOracle) oracle = await startOracle()
})

test.after.always('stop the servers', stopAll)

for (const program of programs) {
  let example: Running

  const behaves = (title: string, body: Implementation<[]>, missing?: string): void => {
    if (missing === undefined) test.serial(`${program.name}: ${title}`, body)
    else test.skip(`${program.name}: ${title} (${missing})`, body)
  }

  test.before(`start ${program.name}`, async () => {
    example = await startExample(program)
  })

  behaves('answers every command and every mistake as Redis does', async (t) => {
    t.is(await transcript(example, [SESSION_REQUEST]), SESSION_REPLY)
    if (oracle !== undefined) t.is(await transcript(oracle, [SESSION_REQUEST]), SESSION_REPLY)
  })

  behaves('gives the same replies when the bytes arrive one at a time', async (t) => {
    const request = `${resp('FLUSHALL')}${SESSION_REQUEST}${resp('ECHO', 'a\r\nb')}`
    const reply = await transcript(example, request.split(''))
    t.is(reply, `+OK\r\n${SESSION_REPLY}$4\r\na\r\nb\r\n`)
  })

  behaves('gives the same replies when a pipeline arrives in random pieces', async (t) => {
    const random = createRandom(1)
    const big = 'x'.repeat(200_000)
    const request = [
      resp('SET', 'big', big),
      ...Array.from({ length: 5000 }, (_, i) => resp('ECHO', `message ${i}`)),
      resp('GET', 'big'),
      resp('DEL', 'big'),
    ].join('')
    const reply = await transcript(example, pieces(request, random, 40_000))
    const echoes = Array.from({ length: 5000 }, (_, i) => bulk(`message ${i}`)).join('')
    t.true(reply === `+OK\r\n${echoes}${bulk(big)}:1\r\n`)
  })

  behaves('takes inline commands with quotes', async (t) => {
    const reply = await transcript(example, [
      '\r\n  \r\nPING\nECHO "a b"\r\nECHO \'it\\\'s\'\r\nECHO "\\x41\\n\\q"\r\nECHO ""\r\n*0\r\n*-1\r\nPING\r\n',
    ])
    t.is(reply, `+PONG\r\n${['a b', "it's", 'A\nq', ''].map(bulk).join('')}+PONG\r\n`)
  })

  behaves('answers a protocol error and closes', async (t) => {
    for (const [request, error] of BROKEN) {
      t.is(await untilClosed(example, request), `+PONG\r\n-ERR Protocol error: ${error}\r\n`)
      if (oracle !== undefined) {
        t.is(await untilClosed(oracle, request), `+PONG\r\n-ERR Protocol error: ${error}\r\n`)
      }
    }
    t.is(
      await untilClosed(example, `*${MIB + 1}\r\n`),
      '+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n',
    )
  })

  behaves('closes after QUIT without running what follows', async (t) => {
    t.is(await untilClosed(example, 'QUIT\r\nSET quit 1\r\n'), '+PONG\r\n+OK\r\n')
    t.is(await transcript(example, ['EXISTS quit\r\n']), ':0\r\n')
  })

  behaves('answers HELLO 2 and refuses HELLO 3', async (t) => {
    const [bare, two, three, id] = await Promise.all(
      ['HELLO', 'HELLO 2 SETNAME me', 'HELLO 3', 'CLIENT ID'].map((command) =>
        transcript(example, [`${command}\r\n`]),
      ),
    )
    const map =
      /^\*14\r\n\$6\r\nserver\r\n\$5\r\nredis\r\n.*\$5\r\nproto\r\n:2\r\n.*modules\r\n\*0\r\n$/s
    t.regex(bare!, map)
    t.regex(two!, map)
    t.is(three, '-NOPROTO unsupported protocol version\r\n')
    t.regex(id!, /^:\d+\r\n$/)
  })

  behaves('answers INFO, COMMAND and CLIENT SETINFO', async (t) => {
    const info = await transcript(example, ['SET k v\r\nINFO\r\nDEL k\r\n'])
    t.regex(info, /\r\nredis_version:7\.[\d.]+\r\n/)
    t.regex(info, /\r\nconnected_clients:1\r\n/)
    t.regex(info, /\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n/)
    t.is(await transcript(example, ['COMMAND\r\nCLIENT SETINFO lib-name x\r\n']), '*0\r\n+OK\r\n')
    t.regex(await transcript(example, ['COMMAND COUNT\r\n']), /^:\d\d\r\n$/)
  })

  behaves('keeps any bytes in keys and values, and large ones', async (t) => {
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
    const large = bytes.repeat(MIB / 256)
    const request = [
      resp('SET', bytes, bytes),
      resp('GET', bytes),
      resp('SET', 'large', large),
      resp('STRLEN', 'large'),
      resp('GET', 'large'),
      resp('APPEND', 'large', large),
      resp('GET', 'large'),
      resp('KEYS', '*[\xff]'),
      resp('DEL', bytes, 'large'),
    ].join('')
    const reply = await transcript(example, [request])
    const all = [bulk(bytes), '+OK\r\n', `:${MIB}\r\n`, bulk(large), `:${2 * MIB}\r\n`]
    const expected = `+OK\r\n${all.join('')}${bulk(large + large)}*1\r\n${bulk(bytes)}:2\r\n`
    t.true(reply === expected)
  })

  behaves('forgets keys at their time, also those that nobody looks at', async (t) => {
    const sets = Array.from({ length: 1000 }, (_, i) => resp('SET', `dead${i}`, 'x', 'PX', '30'))
    await transcript(example, [`FLUSHALL\r\n${sets.join('')}SET kept x EX 100\r\n`])
    await eventually(async () => (await transcript(example, ['GET dead7\r\n'])) === '$-1\r\n')
    await eventually(async () => (await transcript(example, ['DBSIZE\r\n'])) === ':1\r\n')
    t.is(await transcript(example, ['EXISTS dead7 kept\r\nDEL kept\r\n']), ':1\r\n:1\r\n')
  })

  behaves('answers others while a client does not read, and that one when it does', async (t) => {
    const value = 'v'.repeat(MIB)
    await transcript(example, [resp('SET', 'slow', value)])
    const slow = await connect(example)
    slow.pause()
    slow.write(resp('GET', 'slow').repeat(64))
    t.is(await transcript(example, ['PING\r\n']), '+PONG\r\n')

    const one = Buffer.from(bulk(value))
    const twice = Buffer.concat([one, one])
    let count = 0
    let wrong = 0
    slow.on('data', (chunk: Buffer) => {
      // Every reply is the same, so that the place within it tells what must be there.
      const at = count % one.length
      if (!chunk.equals(twice.subarray(at, at + chunk.length))) wrong++
      count += chunk.length
      if (count >= 64 * one.length) slow.end()
    })
    slow.resume()
    await closed(slow)
    t.is(wrong, 0)
    t.is(count, 64 * one.length)
    t.is(await transcript(example, ['DEL slow\r\n']), ':1\r\n')
  })

  behaves('keeps only a few replies for a client that does not read', async (t) => {
    await transcript(example, [resp('SET', 'slow', 'v'.repeat(MIB))])
    const before = await usedMemory(example)
    const slow = await connect(example)
    slow.pause()
    // More than arrives at once: some of it waits in the server, too.
    slow.write(resp('GET', 'slow').repeat(20_000))
    t.is(await transcript(example, ['PING\r\n']), '+PONG\r\n')
    const growth = (await usedMemory(example)) - before
    t.true(growth < 50 * MIB, `${Math.round(growth / MIB)} MiB more`)
    t.false(slow.closed)
    slow.destroy()
    t.is(await transcript(example, ['DEL slow\r\n']), ':1\r\n')
  })

  behaves('answers all that came before the end, also to a client that reads later', async (t) => {
    await transcript(example, [resp('SET', 'slow', 'v'.repeat(MIB))])
    const request = resp('GET', 'slow').repeat(32)
    for (const last of ['', 'QUIT\r\nSET quit 1\r\n']) {
      const client = await connect(example)
      client.pause()
      if (last === '') client.end(request)
      else client.write(request + last)
      t.is(await transcript(example, ['PING\r\n']), '+PONG\r\n')
      const reply = await received(client)
      t.true(reply === bulk('v'.repeat(MIB)).repeat(32) + (last === '' ? '' : '+OK\r\n'))
    }
    t.is(await transcript(example, ['EXISTS quit\r\nDEL slow\r\n']), ':0\r\n:1\r\n')
  })

  behaves('takes a command of very many arguments', async (t) => {
    const count = 100_000
    const pairs = Array.from({ length: count }, (_, i) => `${bulk(`many${i}`)}${bulk('value')}`)
    const command = `*${1 + 2 * count}\r\n${bulk('MSET')}${pairs.join('')}`
    const request = `FLUSHALL\r\n${command}DBSIZE\r\nFLUSHALL\r\n`
    const reply = await transcript(example, pieces(request, createRandom(6), 60_000))
    t.is(reply, `+OK\r\n+OK\r\n:${count}\r\n+OK\r\n`)
  })

  behaves('gives up a client that asks for more than it may be owed', async (t) => {
    await transcript(example, [resp('SET', 'huge', 'v'.repeat(44 * MIB))])
    const greedy = await connect(example)
    greedy.resume()
    greedy.write('MGET huge huge huge\r\n')
    await closed(greedy)
    t.true(greedy.bytesRead < 132 * MIB)
    t.is(await transcript(example, ['DEL huge\r\n']), ':1\r\n')
  })

  behaves('serves many clients at once and forgets those that vanish', async (t) => {
    const request = Array.from({ length: 50 }, (_, i) => resp('ECHO', `${i}`)).join('')
    const expected = Array.from({ length: 50 }, (_, i) => bulk(`${i}`)).join('')
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(example)))
    for (const client of clients) {
      client.write(request)
      client.resetAndDestroy()
    }
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => transcript(example, [request])),
    )
    t.true(replies.every((reply) => reply === expected))
    await eventually(async () =>
      (await transcript(example, ['INFO clients\r\n'])).includes('connected_clients:1\r\n'),
    )
    t.pass()
  })

  behaves(
    'goes on accepting after it had no room for a client',
    async (t) => {
      const server = await startExample(program, spawnLimited(program, 64))
      // More than 64, so that some must wait in the queue, for which no further event will come, or
      // are refused.
      const clients = await Promise.all(Array.from({ length: 80 }, () => connect(server)))
      let answered = 0
      let refused = 0
      for (const client of clients) {
        client.once('data', () => answered++)
        client.once('close', () => {
          if (client.bytesRead === 0) refused++
        })
        client.write('PING\r\n')
      }
      await eventually(async () => answered > 0 && refused > 0 === program.refuses)
      t.true(answered < 64)
      for (const client of clients) client.end()
      await eventually(async () => (await transcript(server, ['PING\r\n'])) === '+PONG\r\n')
      await Promise.all(clients.map((client) => closed(client)))
      t.is(answered + refused, 80)
      t.is(refused > 0, program.refuses)
      server.child.kill()
      t.deepEqual(await once(server.child, 'exit'), [0, null])
    },
    isWindows ? 'Windows has no such limit' : undefined,
  )

  behaves(
    'agrees with a real Redis on random commands',
    async (t) => {
      const random = createRandom(2)
      const request = ['FLUSHALL\r\n']
      for (let i = 0; i < 20_000; i++) request.push(resp(...randomCommand(random)))
      const bytes = request.join('')
      const ours = await transcript(example, pieces(bytes, random, 30_000))
      const theirs = await transcript(oracle!, [bytes])
      t.true(ours === theirs, firstDifference(ours, theirs))
    },
    noOracle,
  )

  behaves(
    'agrees with a real Redis on random garbage',
    async (t) => {
      const random = createRandom(3)
      for (let i = 0; i < 400; i++) {
        const request = i % 2 === 0 ? randomInline(random) : randomRequest(random)
        const ours = await transcript(example, [request])
        const theirs = await transcript(oracle!, [request])
        t.is(ours, theirs, JSON.stringify(request))
      }
    },
    noOracle,
  )

  behaves(
    'agrees with a real Redis on patterns',
    async (t) => {
      const random = createRandom(4)
      const fill = `FLUSHALL\r\n${Array.from({ length: 300 }, () =>
        resp('SET', random.text('ab-]^[\\*?', 4), 'x'),
      ).join('')}`
      await Promise.all([transcript(example, [fill]), transcript(oracle!, [fill])])
      for (let i = 0; i < 300; i++) {
        const request = resp('KEYS', random.text('ab*?[]^-\\', 7))
        const [ours, theirs] = await Promise.all([
          transcript(example, [request]),
          transcript(oracle!, [request]),
        ])
        t.deepEqual(ours.split('\r\n').toSorted(), theirs.split('\r\n').toSorted(), request)
      }
      await transcript(example, ['FLUSHALL\r\n'])
    },
    noOracle,
  )

  behaves(
    'works with redis-cli',
    async (t) => {
      for (const [args, output] of [
        [['ping'], 'PONG\n'],
        [['-3', 'ping'], 'PONG\n'],
        [['set', 'cli', 'value'], 'OK\n'],
        [['get', 'cli'], 'value\n'],
        [['incr', 'cli'], 'ERR value is not an integer or out of range\n\n'],
        [['keys', 'c?i'], 'cli\n'],
        [['del', 'cli'], '1\n'],
      ] as const) {
        const { code, stdout } = await finish(
          run('redis-cli', ['-p', String(example.port), ...args]),
        )
        t.deepEqual([code, stdout.replace(/^.*HELLO 3.*\n/i, '')], [0, output], args.join(' '))
      }
    },
    missingOf('redis-cli'),
  )

  behaves(
    'works with redis-benchmark',
    async (t) => {
      const args = `-p ${example.port} -t ping,set,get,incr,mset -P 16 -n 20000 -q`.split(' ')
      const { code, stdout, stderr } = await finish(run('redis-benchmark', args))
      t.is(code, 0)
      t.notRegex(stdout + stderr, /error/i)
      t.regex(stdout, /GET: [\d.]+ requests per second/)
    },
    missingOf('redis-benchmark'),
  )

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    behaves(
      `stops cleanly on ${signal}, also under load`,
      async (t) => {
        const server = await startExample(program)
        const idle = await connect(server)
        // One that does not care whether it is still served.
        const deaf = await connect(server, { allowHalfOpen: true })
        const busy = await connect(server)
        // Each reply asks for the next, so that the server is never idle.
        const batch = 'PING\r\n'.repeat(500)
        busy.on('data', () => busy.write(batch))
        busy.write(batch)
        await once(busy, 'data')
        const exited = deadline(once(server.child, 'exit'), `no exit on ${signal}`)
        server.child.kill(signal)
        await Promise.all([closed(idle), closed(busy)])
        t.deepEqual(await exited, [0, null])
        deaf.destroy()
        t.deepEqual(server.output, [
          `listening on 127.0.0.1:${server.port}`,
          `try: redis-cli -h 127.0.0.1 -p ${server.port} ping`,
          'stopped',
        ])
        t.deepEqual(server.errors, [])
      },
      isWindows ? 'Windows has no signals to send' : undefined,
    )
  }

  behaves('says in one line why it cannot listen', async (t) => {
    const busy = `error: 127.0.0.1:${example.port} is in use (EADDRINUSE); set PORT to another one\n`
    for (const [environment, message] of [
      [{ PORT: String(example.port) }, busy],
      [{ PORT: '70000' }, "error: PORT must be a whole number from 0 to 65535, not '70000'\n"],
      [{ PORT: 'x' }, "error: PORT must be a whole number from 0 to 65535, not 'x'\n"],
      [
        { HOST: 'localhost' },
        "error: HOST must be an IP address such as 127.0.0.1 or ::1, not 'localhost'\n",
      ],
      // An address that documentation may use and no machine may have.
      [
        { HOST: '192.0.2.1' },
        'error: 192.0.2.1 is not an address of this machine (EADDRNOTAVAIL); set HOST to another one\n',
      ],
    ] as const) {
      const { code, stdout, stderr } = await finish(spawnExample(program, environment))
      t.deepEqual({ code, stdout, stderr }, { code: 1, stdout: '', stderr: message })
    }
  })
}

test('reads garbage as the same commands in whatever pieces it comes', (t) => {
  const random = createRandom(5)
  for (let i = 0; i < 2000; i++) {
    const request = i % 2 === 0 ? randomInline(random) : randomRequest(random)
    const whole = parseAll([request])
    t.deepEqual(parseAll(pieces(request, random, 5)), whole, JSON.stringify(request))
    t.deepEqual(parseAll(request.split('')), whole, JSON.stringify(request))
  }
})

async function usedMemory(server: Running): Promise<number> {
  const info = await transcript(server, ['INFO memory\r\n'])
  return Number(/used_memory:(\d+)/.exec(info)![1])
}

function firstDifference(a: string, b: string): string {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return `at ${at}: ${JSON.stringify(a.slice(at, at + 80))} and ${JSON.stringify(b.slice(at, at + 80))}`
}

/** The commands in the pieces, and the error that ends them; each piece comes in memory of its own. */
function parseAll(parts: Iterable<string>): string[][] {
  const parser = new RequestParser()
  const { request } = parser
  const commands: string[][] = []
  let bytes = Buffer.alloc(0)
  for (const part of parts) {
    bytes = Buffer.concat([bytes, Buffer.from(part, 'latin1')])
    for (;;) {
      const progress = parser.parse(bytes, 0, bytes.length)
      bytes = bytes.subarray(parser.next)
      if (progress === BROKEN_PROTOCOL) return [...commands, [parser.error]]
      if (progress === INCOMPLETE) break
      commands.push(Array.from({ length: request.count }, (_, i) => request.text(i)))
    }
  }
  return commands
}
