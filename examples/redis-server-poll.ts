/**
 * A Redis server in memory, on the operating system's readiness polling: one thread, one poll, every
 * connection of it. `PORT` and `HOST` say where it listens; SIGINT and SIGTERM stop it.
 */
import { Server } from './redis/poll/server.ts'
import { runProgram } from './redis/program.ts'

await runProgram((host, port) => Server.listen(host, port))
