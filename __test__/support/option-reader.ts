/** Options of sockets, as other programs read them. */
import { spawnSync } from 'node:child_process'
import type { ExecutionContext } from 'ava'
import { type Ports, descriptorsOf } from './engine-system.js'

/** What a TCP socket is set to; times are seconds. */
export interface SocketOptions {
  noDelay: boolean
  keepAlive: boolean
  delay: number
  interval: number
  count: number
}

/** Where Linux has them, and how `unpack` of Perl reads them. */
const read = [
  [6, 1, 'i'],
  [1, 9, 'i'],
  [6, 4, 'i'],
  [6, 5, 'i'],
  [6, 6, 'i'],
] as const

/** Lets a program that inherits the sockets read their options. */
export function optionsOf(sockets: readonly Ports[]): SocketOptions[] {
  return descriptorsOf(sockets).map((fd) => {
    const [line = ''] = readOptions(fd, [read])
    const [noDelay, keepAlive, delay, interval, count] = line.split(' ').map(Number)
    return {
      noDelay: noDelay !== 0,
      keepAlive: keepAlive !== 0,
      delay: delay ?? 0,
      interval: interval ?? 0,
      count: count ?? 0,
    }
  })
}

/** The backlog of a listener at this port. */
export function backlogOf(port: number): number {
  const { stdout } = spawnSync('ss', ['-Hltn', `sport = ${port}`], { encoding: 'utf8' })
  return Number(stdout.trim().split(/\s+/)[2])
}

/**
 * Whether a program is here to read with: `perl`, which is part of every Debian, or `ss` of
 * iproute2. Where it is not, tests pass without it, but not in CI on Linux. Elsewhere they always
 * do: what is read is what Linux says.
 */
export function hasReader(t: ExecutionContext, name: 'perl' | 'ss'): boolean {
  const isLinux = process.platform === 'linux'
  if (isLinux && process.env['CI'] === 'true') return true
  if (isLinux && spawnSync(name, ['-v']).status === 0) return true
  t.log(`skipped: ${name} is not here, or this is not Linux`)
  t.pass()
  return false
}

/** Reads options by `getsockopt`, and prints the values of each on a line. */
const program = `
  open(my $socket, '+<&=', 3) or die $!;
  for my $option (@ARGV) {
    my @values;
    for (split / /, $option) {
      my ($level, $name, $template) = split /,/;
      my $value = getsockopt($socket, $level, $name) // die "$level $name: $!";
      push @values, unpack($template, $value);
    }
    print "@values\\n";
  }
`

/** What another program, which inherits the descriptor, reads: one text for each list of options. */
export function readOptions(
  fd: number,
  options: readonly (readonly (readonly [level: number, name: number, template: string])[])[],
): string[] {
  const args = options.map((places) => places.map((place) => place.join()).join(' '))
  const { stdout, stderr, status } = spawnSync('perl', ['-e', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout.split('\n').slice(0, -1)
}
