// The server of hello.ts, on Deno's own. Plain JavaScript, as Deno's types are no dependency of ours.
// @ts-check
const { Deno } = /** @type {any} */ (globalThis)

const headers = { 'Content-Type': 'text/plain' }
Deno.serve(
  {
    hostname: '127.0.0.1',
    port: 0,
    onListen: (/** @type {{ port: number }} */ { port }) =>
      console.log(`listening 127.0.0.1:${port}`),
  },
  () => new Response('hello', { headers }),
)
