/** A worker that loads nothing: what it costs to start and to end one. */
import { ready } from './situation.js'

ready('echo')
