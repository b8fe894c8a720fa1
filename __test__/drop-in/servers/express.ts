import { createServer } from 'mio-js/http'
import express from 'express'
import { routes } from './routes.ts'
import { type Running, running } from './running.ts'

export async function listen(door: string): Promise<Running> {
  const app = express()
  app.get('/text', (_request, response) => {
    response.type('text/plain').send('hello')
  })
  for (const [path, route] of Object.entries(routes)) app.all(path, route)
  app.use((_request, response) => {
    response.status(404).send('not found')
  })
  if (door === 'register') return running(app.listen(0, '127.0.0.1'))
  return running(createServer(app).listen(0, '127.0.0.1'))
}
