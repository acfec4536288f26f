import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NumberSpool, Spool } from '../../../src/engine/data/clean/spool.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

test.each([0, 5000, 1e9])('what waits comes back in its order, %d of it in memory, and leaves no file', async (memory) => {
  const folder = temporaryFolder();
  const values = Array.from({ length: 3000 }, (_, i) => ({ i, text: `${'蒸馏'.repeat(i % 50)}\n\u2028\ud800` }));
  const spool = new Spool<{ readonly i: number; readonly text: string }>(folder, memory);
  for (const value of values) spool.add(value, 10);
  expect(readdirSync(folder)).toHaveLength(memory === 1e9 ? 0 : 1);
  const back: unknown[] = [];
  for await (const value of spool.values()) back.push(value);
  expect(back).toEqual(values);
  spool.remove();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([0, 5000, 1e9])('numbers come back by their row, %d bytes of them from memory', (memory) => {
  const folder = temporaryFolder();
  const rows = Array.from({ length: 2500 }, (_, i) => Uint32Array.from({ length: i % 1000 === 999 ? 20_000 : i % 7 }, (__, j) => i * 1000 + j));
  const spool = new NumberSpool(folder, memory);
  for (const row of rows) spool.add(row);
  for (const row of [0, 2499, 999, 1, 1000, 1999, 2, 2498, 0]) expect(spool.get(row)).toEqual(rows[row]);
  spool.remove();
  expect(readdirSync(folder)).toEqual([]);
});
