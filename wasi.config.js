/** What `npm run test:wasi` runs: it compiles for WASI, and installs what runs that. */
export default {
  files: ['build/__test__/wasi/**/*.spec.js'],
  concurrency: 1,
  serial: true,
  timeout: '5m',
  workerThreads: false,
}
