import { declare } from '../support/scenario.ts'
import '../support/census.ts'
import * as socketIo from './scenarios/socket-io.ts'
import * as ws from './scenarios/ws.ts'

declare('ws', ws, ['createConnection', 'register'], () => null)
declare('socket-io', socketIo, ['mio-js/http', 'register'], () => null)
