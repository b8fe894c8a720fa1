/** Descriptors of all kinds that Linux can poll. */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SourceFd } from 'mio-js'
import './support/census.js'
import { hasReader } from './support/option-reader.js'
import { linux, where } from './support/platforms.js'
import { closing, poller, watch } from './support/sockets.js'

/** eventfd2, timerfd_create, timerfd_settime, inotify_init1, inotify_add_watch. */
const numbers: Record<string, string | undefined> = {
  x64: '290,283,286,294,254',
  arm64: '19,85,86,26,27',
}

/** Opens what JavaScript cannot, and becomes the program that is given, with the numbers. */
const opener = `
  use Fcntl;
  $^F = 1000; # all are inherited
  my ($numbers, $directory, @command) = @ARGV;
  my ($eventfd, $create, $settime, $init, $add) = map { $_ + 0 } split /,/, $numbers;
  my $nonblock = O_NONBLOCK;
  my $event = syscall($eventfd, 0, $nonblock);
  my $timer = syscall($create, 1, $nonblock);
  my $when = pack('q4', 0, 0, 0, 10_000_000);
  syscall($settime, $timer, 0, $when, 0) == 0 or die $!;
  my $inotify = syscall($init, $nonblock);
  syscall($add, $inotify, $directory, 0x100) > 0 or die $!;
  sysopen(my $master, '/dev/ptmx', O_RDWR | O_NOCTTY | O_NONBLOCK) or die $!;
  my $number = pack('i', 0);
  ioctl($master, 0x40045431, $number) or die $!;
  ioctl($master, 0x80045430, $number) or die $!;
  my $path = '/dev/pts/' . unpack('i', $number);
  sysopen(my $slave, $path, O_RDWR | O_NOCTTY | O_NONBLOCK) or die "$path $!";
  exec(@command, $directory, $event, $timer, $inotify, fileno($master), fileno($slave)) or die $!;
`

const calls = numbers[process.arch] ?? ''
const known = where(
  process.platform === 'linux' && calls !== '',
  `the system calls of ${process.platform} on ${process.arch} are not known here`,
)

known('events of an eventfd, a timerfd, inotify and a terminal come once (Linux)', (t) => {
  if (!hasReader(t, 'perl')) return
  const directory = mkdtempSync(join(tmpdir(), 'mio-js-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true })
  })
  const program = fileURLToPath(new URL('programs/watched-kinds.js', import.meta.url))
  const command = ['-e', opener, calls, directory, process.execPath, program]
  const { stdout, stderr, status } = spawnSync('perl', command, {
    encoding: 'utf8',
    timeout: 30_000,
  })
  t.is(status, 0, stderr)
  const expected = {
    before: 0,
    count: 1,
    isReadable: true,
    still: 0,
    bytes: true,
    code: 'EAGAIN',
    after: 0,
  }
  t.deepEqual(JSON.parse(stdout), {
    eventfd: expected,
    timerfd: expected,
    inotify: expected,
    terminal: expected,
  })
})

linux('a terminal that nobody has the other end of does not spin (Linux)', async (t) => {
  const { poll, events } = poller(t)
  const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  const source = closing(t, new SourceFd(fd))
  watch(poll, source, 1)
  t.true((await poll.pollAsync(events, { timeout: 10_000 })) > 0)
  let count = 0
  const end = performance.now() + 100
  while (performance.now() < end) count += await poll.pollAsync(events, { timeout: 20 })
  t.is(count, 0)
  source.close()
  closeSync(fd)
})
