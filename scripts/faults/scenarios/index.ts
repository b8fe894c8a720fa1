import type { Scenario } from '../scenario.js'
import { scenario as datagrams } from './datagrams.js'
import { scenario as engine } from './engine.js'
import { scenario as http } from './http.js'
import { scenario as mirror } from './mirror.js'
import { scenario as net } from './net.js'
import { scenario as pipes } from './pipes.js'

export const scenarios: Readonly<Record<string, Scenario>> = {
  mirror,
  pipes,
  datagrams,
  engine,
  net,
  http,
}
