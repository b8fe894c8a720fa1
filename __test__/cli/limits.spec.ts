import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { groupLimits, limits } from '#src/cli/limits.js'
import '../support/census.js'
import { linux, unix } from '../support/platforms.js'

unix('limits are those that the system tells', (t) => {
  const { available, backlog, cores, descriptors } = limits()
  const hard = execFileSync('sh', ['-c', 'ulimit -H -n'], { encoding: 'utf8' }).trim()
  t.is(descriptors?.hard, hard === 'unlimited' ? Infinity : Number(hard))
  t.true(descriptors!.soft <= descriptors!.hard)
  t.is(cores, cpus().length)
  t.true(available >= 1 && available <= cores)
  t.true(backlog === undefined || backlog >= 128)
})

linux('the backlog is capped by what the kernel says', (t) => {
  const expected = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  t.is(limits().backlog, expected)
})

/** A system with these files. */
function system(t: ExecutionContext, files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'mio-js-cgroup-'))
  t.teardown(() => {
    rmSync(root, { recursive: true })
  })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  return root
}

const none = { quota: undefined, memory: undefined }

test('of all groups that a process is in, the least counts', (t) => {
  const root = system(t, {
    'proc/self/cgroup': '0::/shop.slice/web\n',
    'sys/fs/cgroup/shop.slice/web/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/shop.slice/web/memory.max': '536870912\n',
    'sys/fs/cgroup/shop.slice/cpu.max': '150000 100000\n',
    'sys/fs/cgroup/shop.slice/memory.max': 'max\n',
  })
  t.deepEqual(groupLimits(root), { quota: 1.5, memory: 2 ** 29 })
})

test('the first version of groups has a tree for each resource', (t) => {
  const root = system(t, {
    'proc/self/cgroup': '5:cpu,cpuacct:/docker/a\n4:memory:/docker/b\n0::/\n',
    'sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us': '50000\n',
    'sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes': '1073741824\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  })
  t.deepEqual(groupLimits(root), { quota: 0.5, memory: 2 ** 30 })
})

test('no group, or none with a limit, is no limit', (t) => {
  t.deepEqual(groupLimits(system(t, { none: '' })), none)
  const root = system(t, {
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': '9223372036854771712\n',
  })
  t.deepEqual(groupLimits(root), none)
})
