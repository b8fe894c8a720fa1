import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'

/**
 * A client in Perl that is bound to an address, of these bytes behind the family: of a path that
 * fills all the room there is, for example, which this package refuses.
 */
export async function boundClient(t: ExecutionContext, own: Buffer, to: string): Promise<void> {
  const program = `
    use Socket;
    $| = 1;
    socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die $!;
    bind($socket, pack('S', AF_UNIX) . pack('H*', $ARGV[0])) or die $!;
    connect($socket, pack_sockaddr_un($ARGV[1])) or die $!;
    print "connected\\n";
    <STDIN>;
  `
  const child = spawn('perl', ['-e', program, own.toString('hex'), to], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  })
  await once(child.stdout, 'data')
}
