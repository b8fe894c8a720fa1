/** What takes gigabytes or minutes: `npm run test:large`. */
export default {
  files: [
    'build/__test__/large/*.spec.js',
    'build/__test__/engine/many.spec.js',
    'build/__test__/net/socket-write.spec.js',
    'build/__test__/own-network.spec.js',
  ],
  environmentVariables: { MIO_JS_LARGE: '1' },
  nodeArguments: ['--expose-gc'],
  concurrency: 1,
  serial: true,
  timeout: '15m',
  workerThreads: false,
}
