import { networkInterfaces } from 'node:os'
import test from 'ava'
import { UdpSocket } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { ipv6 } from './support/families.js'
import { where } from './support/platforms.js'
import { closing } from './support/sockets.js'
import { received, udp } from './support/udp.js'

const linux = where(process.platform === 'linux', 'only Linux has groups on loopback')

// Loopback has no groups of IPv6; what is sent to one with interface-local scope stays here.
const scope = Object.values(networkInterfaces())
  .flat()
  .find((at) => at?.family === 'IPv6' && at.scopeid > 0)?.scopeid
const scoped = where(
  process.platform === 'linux' && scope !== undefined,
  'this is not Linux, or no interface has IPv6',
)

const noBooleans = [0, 1, 'true', null, undefined, {}, 1n, Symbol('s')]

test('broadcast is off at first, and can be read and set', (t) => {
  const [socket, other] = [udp(t), udp(t)]
  t.false(socket.broadcast())
  for (const broadcast of [true, true, false, true]) {
    socket.setBroadcast(broadcast)
    t.is(socket.broadcast(), broadcast)
  }
  t.false(other.broadcast())
  for (const value of noBooleans) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      socket.setBroadcast(value as boolean)
    })
  }
  t.true(socket.broadcast())
})

test('multicastLoopV4 is on at first, and can be read and set', (t) => {
  const socket = udp(t)
  t.true(socket.multicastLoopV4())
  for (const loop of [false, false, true, false]) {
    socket.setMulticastLoopV4(loop)
    t.is(socket.multicastLoopV4(), loop)
  }
  for (const value of noBooleans) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      socket.setMulticastLoopV4(value as boolean)
    })
  }
  t.false(socket.multicastLoopV4())
})

ipv6('multicastLoopV6 is on at first, and can be read and set', (t) => {
  const socket = udp(t, '[::1]:0')
  t.true(socket.multicastLoopV6())
  for (const loop of [false, false, true, false]) {
    socket.setMulticastLoopV6(loop)
    t.is(socket.multicastLoopV6(), loop)
  }
  for (const value of noBooleans) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      socket.setMulticastLoopV6(value as boolean)
    })
  }
  t.false(socket.multicastLoopV6())
})

test('multicastTtlV4 is 1 at first, and can be read and set', (t) => {
  const socket = udp(t)
  const ttl = socket.ttl()
  t.is(socket.multicastTtlV4(), 1)
  for (const hops of [0, 1, 42, 255]) {
    socket.setMulticastTtlV4(hops)
    t.is(socket.multicastTtlV4(), hops)
  }
  t.is(socket.ttl(), ttl)
  for (const hops of [-1, 256, 1.5, NaN, 2 ** 32 - 1, 2 ** 32 + 1]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
      socket.setMulticastTtlV4(hops)
    })
  }
  for (const hops of ['1', 1n, null, undefined, Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      socket.setMulticastTtlV4(hops as never)
    })
  }
  t.is(socket.multicastTtlV4(), 255)
})

ipv6('onlyV6 is what the system does with IPv4', async (t) => {
  const socket = udp(t, '[::]:0')
  const sender = udp(t)
  if (socket.onlyV6()) {
    closing(t, UdpSocket.bind(`0.0.0.0:${socket.localAddr().port}`))
    t.pass()
    return
  }
  sender.sendTo(Buffer.from('mapped'), `127.0.0.1:${socket.localAddr().port}`)
  const [text, from] = await received(socket)
  t.is(text, 'mapped')
  t.like(from, { address: '::ffff:127.0.0.1', family: 'IPv6', port: sender.localAddr().port })
  socket.sendTo(Buffer.from('back'), from)
  t.is((await received(sender))[0], 'back')
})

test('options of IPv6 are an error of the system on a socket of IPv4', (t) => {
  const socket = udp(t)
  for (const operation of [() => socket.onlyV6(), () => socket.multicastLoopV6()]) {
    const error = t.throws<NodeJS.ErrnoException>(operation)
    t.regex(error?.code ?? '', /^(ENOPROTOOPT|EOPNOTSUPP|EINVAL|ENOTSUP)$/)
    t.is(error?.syscall, 'getsockopt')
  }
})

linux('a group of IPv4 is heard while it is joined', async (t) => {
  const group = '239.255.77.1'
  const member = udp(t, '0.0.0.0:0')
  const { port } = member.localAddr()
  // What it is bound to decides by which interface a socket sends.
  const sender = udp(t)
  const send = (text: string): void => {
    sender.sendTo(Buffer.from(text), { address: group, port })
    sender.sendTo(Buffer.from('after'), `127.0.0.1:${port}`)
  }
  send('nobody has joined')
  t.is((await received(member))[0], 'after')
  member.joinMulticastV4(group, '127.0.0.1')
  send('joined')
  t.deepEqual(await received(member), ['joined', sender.localAddr()])
  t.is((await received(member))[0], 'after')
  member.leaveMulticastV4(group, '127.0.0.1')
  send('left')
  t.is((await received(member))[0], 'after')
})

scoped('a group of IPv6 is heard while it is joined, and its loop is on', async (t) => {
  const index = scope!
  const group = 'ff11::4d:4a53'
  const [member, sender] = [udp(t, '[::]:0'), udp(t, '[::]:0')]
  const { port } = member.localAddr()
  const send = (text: string): void => {
    sender.sendTo(Buffer.from(text), { address: group, port, scopeId: index })
    sender.sendTo(Buffer.from('after'), `[::1]:${port}`)
  }
  send('nobody has joined')
  t.is((await received(member))[0], 'after')
  throwsCode(t, 'EADDRNOTAVAIL', () => {
    member.leaveMulticastV6(group, index)
  })
  member.joinMulticastV6(group, index)
  throwsCode(t, 'EADDRINUSE', () => {
    member.joinMulticastV6(group, index)
  })
  send('joined')
  const texts = [(await received(member))[0], (await received(member))[0]]
  t.deepEqual(texts.toSorted(), ['after', 'joined'])
  sender.setMulticastLoopV6(false)
  send('not looped')
  t.is((await received(member))[0], 'after')
  sender.setMulticastLoopV6(true)
  member.leaveMulticastV6(group, index)
  send('left')
  t.is((await received(member))[0], 'after')
})

linux('a group is joined once, and left once', (t) => {
  const socket = udp(t, '0.0.0.0:0')
  const [group, at] = ['239.255.77.2', '127.0.0.1']
  const notJoined = throwsCode(t, 'EADDRNOTAVAIL', () => {
    socket.leaveMulticastV4(group, at)
  })
  t.is(notJoined.syscall, 'setsockopt')
  socket.joinMulticastV4(group, at)
  throwsCode(t, 'EADDRINUSE', () => {
    socket.joinMulticastV4(group, at)
  })
  socket.leaveMulticastV4(group, at)
  throwsCode(t, 'EADDRNOTAVAIL', () => {
    socket.leaveMulticastV4(group, at)
  })
  throwsCode(t, 'ENODEV', () => {
    socket.joinMulticastV4(group, '203.0.113.77')
  })
  throwsCode(t, 'EINVAL', () => {
    socket.joinMulticastV4('127.0.0.1', at)
  })
})

test('what is no group and no interface is refused', (t) => {
  const socket = udp(t, '0.0.0.0:0')
  const v4 = [
    (group: string, at?: string) => {
      socket.joinMulticastV4(group, at)
    },
    (group: string, at?: string) => {
      socket.leaveMulticastV4(group, at)
    },
  ]
  const v6 = [
    (group: string, at?: number) => {
      socket.joinMulticastV6(group, at)
    },
    (group: string, at?: number) => {
      socket.leaveMulticastV6(group, at)
    },
  ]
  for (const call of [...v4, ...v6]) {
    for (const group of ['', 'x', '239.1.1', '239.255.0.256', 'ff02::1%1', 'all-hosts', ' ']) {
      throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
        call(group)
      })
    }
    for (const group of [undefined, null, 5, {}, ['239.1.1.1'], Symbol('s')]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        call(group as string)
      })
    }
  }
  for (const call of v4) {
    for (const at of ['', 'eth0', '::1', '1', '127.0.0.1:80', 'x'.repeat(1000)]) {
      throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
        call('239.255.77.3', at)
      })
    }
    throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
      call('ff02::1')
    })
    for (const at of [null, 0, {}, 1n, Symbol('s')]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        call('239.255.77.3', at as string)
      })
    }
  }
  for (const call of v6) {
    for (const at of [-1, 1.5, NaN, 2 ** 32]) {
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
        call('ff12::1', at)
      })
    }
    throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
      call('239.255.77.3')
    })
    for (const at of [null, '1', {}, 1n, Symbol('s')]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        call('ff12::1', at as number)
      })
    }
  }
})
