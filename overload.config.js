/** What `npm run test:overload` runs: one at a time, as each takes the whole machine. */
export default {
  files: ['build/__test__/overload/**/*.spec.js'],
  concurrency: 1,
  serial: true,
  timeout: '3m',
  workerThreads: false,
}
