export default {
  files: ['build/__test__/**/*.spec.js'],
  // Each file counts descriptors and threads of its process, so tests must not overlap.
  concurrency: 2,
  serial: true,
  timeout: '60s',
  workerThreads: false,
}
