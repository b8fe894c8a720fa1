/**
 * What need not be run again for another way to wake up (scripts/test.ts): what stands on the engine, which
 * has been through both, and what is about values, descriptors or programs, and never waits.
 */
const once = [
  ...['cli', 'net', 'http', 'register', 'drop-in', 'release', 'docs'].map(
    (folder) => `${folder}/**`,
  ),
  'examples/{chat,echo,examples,graceful-restart,http-server,load-balancer}.spec.js',
  'examples/{metrics,port-forwarder,websocket-server}.spec.js',
  '{arguments,declarations,faults,importing,operations,permission,trace,unsafe}.spec.js',
  '{api,binding,errors,exports,loader,own-network,platform,relay,soak}.spec.js',
  '{builder,bytes,datagrams,named-pipe,options,reuse-port,sigpipe,vectored}.spec.js',
  '{socket-addr,socket-options,unix-addr,unix-datagram-drain,unix-path}.spec.js',
  'udp-socket-{arguments,drain,options}.spec.js',
  'engine/{adopt-refused,arguments,arguments-objects,listen-options,options}.spec.js',
].map((files) => `!build/__test__/${files}`)

export default {
  // What is in packages/ and wasi/ installs tools first, and the others take minutes: they have
  // commands of their own, `npm run test:registry`, `test:wasi`, `test:network`, `test:overload`, `test:large`.
  files: [
    'build/__test__/**/*.spec.js',
    '!build/__test__/{packages,wasi,network,overload,large}/**',
    ...(process.env.MIO_JS_TEST_AGAIN ? once : []),
  ],
  // Files at a time, each in a process of its own: more than the two processors that most machines of CI have,
  // as half of their time is waiting.
  concurrency: 3,
  // Each file counts descriptors and threads of its process, so its tests must not overlap.
  serial: true,
  timeout: '60s',
  workerThreads: false,
}
