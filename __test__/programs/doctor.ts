/** Prints what `mio-js doctor` finds, and ends well whatever that is. */
import { doctor } from '#src/cli/doctor.js'

await doctor(['--json'])
