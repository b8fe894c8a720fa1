// An echo server on Bun's own sockets. Plain JavaScript, as Bun's types are no dependency of ours.
// @ts-check
const { Bun } = /** @type {any} */ (globalThis)

const server = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    /** @param {any} socket */
    open(socket) {
      socket.setNoDelay?.(true)
      socket.data = null
    },
    /**
     * @param {any} socket
     * @param {Uint8Array} chunk
     */
    data(socket, chunk) {
      const bytes = socket.data === null ? chunk : Buffer.concat([socket.data, chunk])
      const written = socket.write(bytes)
      socket.data = written < bytes.length ? Buffer.from(bytes.subarray(written)) : null
    },
    /** @param {any} socket */
    drain(socket) {
      if (socket.data === null) return
      const written = socket.write(socket.data)
      socket.data = written < socket.data.length ? socket.data.subarray(written) : null
    },
  },
})
console.log(`listening 127.0.0.1:${server.port}`)
