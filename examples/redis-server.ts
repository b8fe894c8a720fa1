/**
 * A Redis server in memory, on the engine: system calls are made in batches, off the JavaScript
 * thread when that pays. `PORT` and `HOST` say where it listens; SIGINT and SIGTERM stop it.
 */
import { Server } from './redis/engine/server.ts'
import { runProgram } from './redis/program.ts'

await runProgram((host, port) => new Server(host, port))
