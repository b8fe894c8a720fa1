import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { targets } from '../../scripts/platform-packages.js'
import { runners } from '../../scripts/platforms/runners.js'
import '../support/census.js'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly needs?: string | readonly string[]
  readonly strategy?: {
    readonly matrix: {
      readonly include?: readonly { target: string }[]
      readonly runners?: readonly string[]
    }
  }
  readonly steps: readonly Step[]
}
interface Workflow {
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, Job>>
}
interface Action {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly runs: { readonly steps: readonly Step[] }
}

const folder = '.github/workflows'
const workflows = new Map(
  readdirSync(folder).map((name): [string, Workflow] => [
    name,
    parse(readFileSync(join(folder, name), 'utf8')) as Workflow,
  ]),
)
const setup = '.github/actions/setup/action.yml'
const setUp = parse(readFileSync(setup, 'utf8')) as Action
const jobs = [...workflows].flatMap(([file, { jobs: named }]) =>
  Object.entries(named).map(([name, job]) => ({ title: `${file}: ${name}`, name, file, job })),
)
const steps = [...jobs.flatMap(({ job }) => job.steps), ...setUp.runs.steps]
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

test('actions are pinned by a hash, with the version that it is, and each to one', (t) => {
  const pins = new Map<string, string>()
  const files = [...[...workflows.keys()].map((name) => join(folder, name)), setup]
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'))
  const uses = lines.filter((line) => /^\s*(?:- )?uses:/.test(line))
  t.is(uses.length, steps.filter((step) => step.uses !== undefined).length)
  for (const line of uses.filter((one) => !one.includes('uses: ./'))) {
    const [, name = '', pin = ''] =
      /uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(line) ?? []
    t.not(pin, '', line)
    t.is(pins.get(name) ?? pin, pin, line)
    pins.set(name, pin)
  }
})

test('a workflow may do nothing but what its jobs are given, and that is to read', (t) => {
  for (const [file, { permissions }] of workflows) t.deepEqual(permissions, {}, file)
  // What is published has provenance, by which the registry knows the workflow; the site is a branch, and
  // a release has files.
  const more: Record<string, object> = {
    'release.yml: publish': { contents: 'read', 'id-token': 'write' },
    'release.yml: describe': { contents: 'write' },
    'site.yml: publish': { contents: 'write' },
  }
  for (const { job, title } of jobs) {
    const given = more[title] ?? { contents: 'read' }
    const checksOut = job.steps.some(({ uses }) => uses?.startsWith('actions/checkout@'))
    t.deepEqual(job.permissions, checksOut ? given : undefined, title)
  }
  for (const { uses, with: inputs } of steps) {
    if (uses?.startsWith('actions/checkout@')) t.is(inputs?.['persist-credentials'], false)
  }
})

test('every job has a timeout', (t) => {
  for (const { job, title } of jobs) {
    const minutes = job['timeout-minutes'] ?? 0
    t.true(minutes > 0 && minutes < 360, title)
  }
})

test('every step runs a command of package.json or a script, which everybody can run', (t) => {
  // The virtual machine runs its commands for us.
  const commands = steps.flatMap(({ run, with: inputs }) => [run, inputs?.['run']])
  for (const line of commands.flatMap((text) =>
    String(text ?? '')
      .trim()
      .split('\n'),
  )) {
    const [program = '', ...args] = line.trim().split(' ')
    // A step without one; and the gate, which says whether all jobs did well.
    if (program === '' || line.startsWith('${{ !contains(needs')) continue
    if (program === 'npm') {
      const name = args[0] === 'test' ? 'test' : args[1]
      t.true(['run', 'test'].includes(args[0] ?? '') && (name ?? '') in scripts, line)
    } else {
      t.true(existsSync(program), line)
      t.notThrows(() => accessSync(program, constants.X_OK), line)
    }
  }
})

test('what our own action is given, it takes', (t) => {
  for (const { uses, with: inputs } of steps) {
    if (uses !== './.github/actions/setup') continue
    for (const name of Object.keys(inputs ?? {})) t.true(name in setUp.inputs, name)
  }
})

test('caches are of one Cargo.lock, and a release has none', (t) => {
  const caches = steps.filter(({ uses }) => uses?.startsWith('actions/cache@'))
  t.true(caches.length > 0)
  for (const { with: inputs } of caches)
    t.regex(String(inputs?.['key']), /hashFiles\('Cargo\.lock'/)
  for (const { job, title } of jobs.filter(({ file }) => file === 'release.yml')) {
    for (const { uses } of job.steps) t.notRegex(uses ?? '', /cache|^\.\//, title)
  }
})

test('CI and releases build every package', (t) => {
  for (const file of ['ci.yml', 'release.yml']) {
    const built = workflows.get(file)?.jobs['build']?.strategy?.matrix.include ?? []
    t.deepEqual(
      built.map(({ target }) => target).toSorted(),
      targets()
        .map(({ triple }) => triple)
        .toSorted(),
    )
  }
})

test('CI runs every runner of `npm run test:platforms`, and names none that there is not', (t) => {
  const wanted = workflows.get('ci.yml')?.jobs['platforms']?.strategy?.matrix.runners ?? []
  const names = runners.map(({ name }) => name)
  const runs = (one: string, name: string): boolean => `${name}-`.startsWith(`${one}-`)
  t.deepEqual(
    names.filter((name) => wanted.filter((one) => runs(one, name)).length !== 1),
    [],
  )
  t.deepEqual(
    wanted.filter((one) => !names.some((name) => runs(one, name))),
    [],
  )
})

test('the gate waits for every other job', (t) => {
  const { passed, ...others } = workflows.get('ci.yml')?.jobs ?? {}
  t.deepEqual([...(passed?.needs ?? [])].toSorted(), Object.keys(others).toSorted())
})
