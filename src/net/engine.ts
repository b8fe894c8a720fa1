import { onDemand } from '../engine/on-demand.ts'

/**
 * The engine of this thread's sockets and servers. Its own, as streams bound what each socket has
 * buffered, and none is to be closed for what others do not read.
 */
export const netEngine = onDemand({ maxPendingTotal: Infinity })
