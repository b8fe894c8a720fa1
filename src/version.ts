/** The version of this package, which that of the platform's binary must equal. Written by `npm run manifests`. */
export const version = '0.1.0'
