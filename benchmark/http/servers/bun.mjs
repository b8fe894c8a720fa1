// The server of hello.ts, on Bun's own. Plain JavaScript, as Bun's types are no dependency of ours.
// @ts-check
const { Bun } = /** @type {any} */ (globalThis)

const headers = { 'Content-Type': 'text/plain' }
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: () => new Response('hello', { headers }),
})
console.log(`listening 127.0.0.1:${server.port}`)
