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

/** One line for each descriptor from 3 on; the numbers are those of Linux. */
const program = `
  for my $fd (3 .. 2 + shift) {
    open(my $socket, '+<&=', $fd) or die $!;
    for ([6, 1], [1, 9], [6, 4], [6, 5], [6, 6]) {
      my $value = getsockopt($socket, $_->[0], $_->[1]) // die $!;
      print unpack('i', $value), ' ';
    }
    print "\\n";
  }
`

/** Lets a program that inherits the sockets read their options. */
export function optionsOf(sockets: readonly Ports[]): SocketOptions[] {
  const fds = descriptorsOf(sockets)
  const { stdout, stderr, status } = spawnSync('perl', ['-e', program, String(fds.length)], {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
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
 * iproute2. Where it is not, or not on Linux, tests pass without it, but not in CI.
 */
export function hasReader(t: ExecutionContext, name: 'perl' | 'ss'): boolean {
  const isHere = process.platform === 'linux' && spawnSync(name, ['-v']).status === 0
  if (isHere || process.env['CI'] === 'true') return true
  t.log(`skipped: ${name} is not here, or this is not Linux`)
  t.pass()
  return false
}

/** Reads options by `getsockopt`, and prints the values of each on a line. */
const anyProgram = `
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
  const { stdout, stderr, status } = spawnSync('perl', ['-e', anyProgram, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout.split('\n').slice(0, -1)
}
