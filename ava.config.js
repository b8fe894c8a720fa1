/** What stands on the engine need not be run again for another way to wake up: scripts/test.ts. */
const above = ['net', 'http', 'register', 'drop-in'].map((folder) => `!build/__test__/${folder}/**`)

export default {
  files: ['build/__test__/**/*.spec.js', ...(process.env.MIO_JS_TEST_AGAIN ? above : [])],
  // Each file counts descriptors and threads of its process, so tests must not overlap.
  concurrency: 2,
  serial: true,
  timeout: '60s',
  workerThreads: false,
}
