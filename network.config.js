/** What `npm run test:network` runs: each file has hosts of its own, and mostly waits for them. */
export default {
  files: ['build/__test__/network/**/*.spec.js'],
  concurrency: 2,
  serial: true,
  timeout: '2m',
  workerThreads: false,
}
