/**
 * The functions that can be made to fail, and what a kernel may make of a call of each: every error
 * that its manual page, or one of ours, gives a reason for. Their order is that of shim.c.
 */
import { constants } from 'node:os'

const Action = { error: 1, short: 2, empty: 3, socketError: 4, falseReady: 5, falseHangUp: 6 }
const Flag = { again: 1, dead: 2, perform: 4 }

/** What happens instead of what the kernel would have done. */
export interface Outcome {
  readonly name: string
  readonly action: number
  /** A number of the system. */
  readonly error: number
  readonly flags: number
  /** Whether it may go on for a while, and not only once. */
  readonly canLast: boolean
}

function outcome(name: string, action: number, flags = 0, errno = 0, canLast = false): Outcome {
  return { name, action, flags, error: errno, canLast }
}

function error(name: keyof typeof constants.errno, flags = 0, canLast = false): Outcome {
  return outcome(name, Action.error, flags, constants.errno[name], canLast)
}

/** Errors that come and go by themselves, whatever is called. */
function exhausted(...names: (keyof typeof constants.errno)[]): Outcome[] {
  return names.map((name) => error(name, 0, true))
}

function errors(...names: (keyof typeof constants.errno)[]): Outcome[] {
  return names.map((name) => error(name))
}

function socketError(name: keyof typeof constants.errno): Outcome {
  return outcome(`SO_ERROR=${name}`, Action.socketError, Flag.dead, constants.errno[name])
}

/** epoll tells of the rest, which is there. */
const short = outcome('short', Action.short, Flag.again)
const again = error('EAGAIN', Flag.again)
/** As of a peer that is gone. */
const empty = outcome('empty', Action.empty)

const receive = [again, ...errors('EINTR', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOMEM')]
const transmit = [again, ...errors('EINTR', 'EPIPE', 'ECONNRESET', 'ENOBUFS', 'ENOMEM')]

/** By the name of the function. */
export const functions: Readonly<Record<string, readonly Outcome[]>> = {
  socket: [...exhausted('EMFILE', 'ENFILE', 'ENOBUFS'), ...errors('EACCES', 'EAFNOSUPPORT')],
  bind: errors('EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOMEM'),
  listen: errors('EADDRINUSE'),
  accept4: [
    again,
    ...exhausted('EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'),
    ...errors('EINTR', 'ECONNABORTED', 'EPROTO', 'EPERM', 'ENETDOWN', 'EHOSTUNREACH', 'EINVAL'),
    empty,
  ],
  connect: [
    ...errors('ECONNREFUSED', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'),
    ...errors('EACCES', 'EAGAIN', 'ENOBUFS'),
    error('EINTR', Flag.perform),
  ],
  shutdown: [error('ENOTCONN', Flag.dead), ...errors('ENOBUFS')],
  getsockname: [...errors('ENOBUFS'), empty],
  getpeername: [error('ENOTCONN', Flag.dead), ...errors('ENOBUFS'), empty],
  getsockopt: errors('ENOBUFS', 'ENOPROTOOPT'),
  'getsockopt(SO_ERROR)': [
    ...errors('ENOBUFS'),
    socketError('ECONNREFUSED'),
    socketError('ETIMEDOUT'),
  ],
  setsockopt: errors('ENOMEM', 'EINVAL', 'ENOPROTOOPT', 'ENOBUFS'),
  recv: [...receive, short],
  recvfrom: [again, ...errors('EINTR', 'ECONNREFUSED', 'ENOMEM')],
  recvmsg: [again, ...errors('EINTR', 'ECONNREFUSED', 'ENOMEM')],
  recvmmsg: [again, ...errors('EINTR', 'ECONNREFUSED', 'ENOMEM'), short],
  read: [again, short],
  readv: [...receive, short],
  send: [...transmit, short],
  sendto: [again, ...errors('EINTR', 'ECONNREFUSED', 'ENETUNREACH', 'EPERM', 'ENOBUFS')],
  sendmsg: [...transmit, short],
  sendmmsg: [again, ...errors('EINTR', 'ECONNREFUSED', 'ENETUNREACH', 'EPERM', 'ENOBUFS'), short],
  write: [again, ...errors('EPIPE'), short],
  writev: [...transmit, short],
  'read(eventfd)': [again],
  'write(eventfd)': [again],
  epoll_create1: exhausted('EMFILE', 'ENFILE', 'ENOMEM'),
  'epoll_ctl(ADD)': [...exhausted('ENOMEM', 'ENOSPC'), ...errors('EPERM')],
  'epoll_ctl(MOD)': errors('ENOMEM', 'ENOENT'),
  'epoll_ctl(DEL)': errors('ENOENT', 'ENOMEM'),
  epoll_wait: [
    ...errors('EINTR', 'EBADF'),
    outcome('short', Action.short, 0, 0, true),
    outcome('false-ready', Action.falseReady),
    outcome('false-hang-up', Action.falseHangUp),
  ],
  eventfd: exhausted('EMFILE', 'ENFILE', 'ENODEV', 'ENOMEM'),
  'fcntl(DUPFD)': exhausted('EMFILE'),
  fcntl: errors('EPERM'),
  ioctl: errors('EINVAL'),
  socketpair: exhausted('EMFILE', 'ENFILE'),
  pipe2: exhausted('EMFILE', 'ENFILE'),
  open: [...exhausted('EMFILE', 'ENFILE'), ...errors('EACCES')],
  pthread_create: exhausted('EAGAIN'),
}

export const functionNames: readonly string[] = Object.keys(functions)

/** The name of an action, in the record of a run. */
export function actionName(action: number): string {
  return Object.entries(Action).find(([, value]) => value === action)?.[0] ?? String(action)
}
