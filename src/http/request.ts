import type { Agent, ClientRequestArgs } from 'node:http'

/** Arguments of a request, with the agent that is used if they name none. */
export function withAgent(args: readonly unknown[], globalAgent: Agent): unknown[] {
  const hasUrl = typeof args[0] === 'string' || isUrl(args[0])
  const [first, second] = hasUrl ? args.slice(1) : args
  const given = typeof first === 'object' && first !== null ? (first as ClientRequestArgs) : {}
  const callback = typeof first === 'function' ? first : second
  const options = { ...given, agent: agentOf(given, globalAgent) }
  return hasUrl ? [args[0], options, callback] : [options, callback]
}

/** As core decides it. */
function agentOf(options: ClientRequestArgs, globalAgent: Agent): unknown {
  const { agent, createConnection } = options
  // A connection of its own, by an agent with the defaults.
  if (agent === false) return Reflect.construct(globalAgent.constructor, [])
  if (agent !== undefined && agent !== null) return agent
  return typeof createConnection === 'function' ? undefined : globalAgent
}

/** URLs of other realms and of libraries count, as with core; options have `auth` or `path`. */
function isUrl(value: unknown): boolean {
  const url = value as Record<string, unknown> | null | undefined
  return Boolean(
    url?.['href'] && url['protocol'] && url['auth'] === undefined && url['path'] === undefined,
  )
}
