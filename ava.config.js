/** What stands on the engine, or does not use it, need not be run again for another way to wake up: scripts/test.ts. */
const above = [
  ...['cli', 'net', 'http', 'register', 'drop-in', 'release', 'docs'].map(
    (folder) => `${folder}/**`,
  ),
  'examples/{chat,echo,examples,graceful-restart,http-server,load-balancer}.spec.js',
  'examples/{metrics,port-forwarder,websocket-server}.spec.js',
  '{arguments,declarations,faults,importing,operations,permission,trace}.spec.js',
].map((files) => `!build/__test__/${files}`)

export default {
  // What is in packages/ and wasi/ installs tools first, and the others take minutes: they have
  // commands of their own, `npm run test:registry`, `test:wasi`, `test:network`, `test:overload`, `test:large`.
  files: [
    'build/__test__/**/*.spec.js',
    '!build/__test__/{packages,wasi,network,overload,large}/**',
    ...(process.env.MIO_JS_TEST_AGAIN ? above : []),
  ],
  // Each file counts descriptors and threads of its process, so tests must not overlap.
  concurrency: 2,
  serial: true,
  timeout: '60s',
  workerThreads: false,
}
