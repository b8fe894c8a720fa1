/** Tries to listen on a privileged port as a user that may not: prints what comes of it. */
import { TcpListener } from 'mio-js'

process.setgroups?.([])
process.setgid?.(65_534)
process.setuid?.(65_534)
try {
  TcpListener.bind('127.0.0.1:80').close()
  console.log('listens')
} catch (error) {
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & Record<string, unknown>
  console.log(JSON.stringify({ code, syscall, address, port }))
}
