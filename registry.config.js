/** What `npm run test:registry` runs: it installs what it needs, and takes minutes. */
export default {
  files: ['build/__test__/packages/**/*.spec.js'],
  concurrency: 1,
  serial: true,
  timeout: '10m',
  workerThreads: false,
}
