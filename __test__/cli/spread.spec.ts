import test from 'ava'
import { isTelling, ratios, show, spread } from '#src/cli/spread.js'
import '../support/census.js'

test('a spread is the median of all values with the least and the most', (t) => {
  t.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 })
  t.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
  t.is(show(spread([1.234, 1.5, 2])), '1.50 (1.23–2.00)')
})

test('ratios are made within one repeat, so that what disturbs both is in none', (t) => {
  t.deepEqual(ratios([1, 10, 100], [2, 20, 200]), { median: 0.5, min: 0.5, max: 0.5 })
})

test('a ratio is refused if its repeats differ by more than it says', (t) => {
  const verdict = (median: number, min: number, max: number): boolean =>
    isTelling({ median, min, max }, 5)
  t.true(verdict(0.9, 0.8, 1.1), 'repeats that agree')
  t.false(verdict(0.9, 0.6, 1.3), 'noise')
  t.true(verdict(0.1, 0.07, 0.27), 'far from 1, whatever the noise')
  t.true(verdict(10, 4, 15), 'the same the other way round')
  t.false(verdict(0.5, 0.2, 0.9))
  t.false(verdict(0.5, 0, 0.6), 'nothing was measured')
  t.false(verdict(NaN, NaN, NaN))
  t.false(isTelling({ median: 0.5, min: 0.5, max: 0.5 }, 2), 'too few')
})
