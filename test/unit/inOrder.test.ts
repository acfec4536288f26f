import { expect, test } from 'vitest';
import { inOrder } from '../../src/engine/collect/inOrder.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i += 1) yield await Promise.resolve(i);
}

/** Work that ends when the test says so. */
function gates(): { readonly work: (item: number) => Promise<number>; open(item: number): void; readonly begun: number[] } {
  const opens = new Map<number, () => void>();
  const begun: number[] = [];
  return {
    begun,
    work: (item) => new Promise((resolve) => { begun.push(item); opens.set(item, () => { resolve(item); }); }),
    open: (item) => { opens.get(item)?.(); },
  };
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('results come in the order of the items, whichever is done first', async () => {
  const order = [3, 1, 2, 0];
  const results: number[] = [];
  const { work, open } = gates();
  const all = (async () => { for await (const each of inOrder(numbers(4), { atOnce: 4, ahead: 4 }, work)) results.push(each); })();
  await breath();
  for (const item of order) { open(item); await breath(); }
  await all;
  expect(results).toEqual([0, 1, 2, 3]);
});

test('a slow item does not hold up the others, but for the results that wait behind it', async () => {
  const { work, open, begun } = gates();
  const results = inOrder(numbers(100), { atOnce: 2, ahead: 5 }, work);
  const first = results.next();
  await breath();
  for (const item of [1, 2, 3, 4]) { open(item); await breath(); }
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  open(0);
  expect((await first).value).toBe(0);
  await breath();
  expect(begun).toContain(5);
  await results.return(undefined);
  expect(begun.length).toBeLessThan(10);
});

test('an error of the work comes at its place, and no more work is begun', async () => {
  const begun: number[] = [];
  const results = inOrder(numbers(1000), { atOnce: 2, ahead: 4 }, async (item) => {
    begun.push(item);
    await breath();
    if (item === 2) throw new Error('two');
    return item;
  });
  const taken: number[] = [];
  await expect((async () => { for await (const each of results) taken.push(each); })()).rejects.toThrow('two');
  expect(taken).toEqual([0, 1]);
  expect(begun.length).toBeLessThan(10);
});

test('an error of the items comes after what was before it', async () => {
  async function* broken(): AsyncGenerator<number> {
    yield* numbers(2);
    throw new Error('line 3');
  }
  const taken: number[] = [];
  await expect((async () => { for await (const each of inOrder(broken(), { atOnce: 2, ahead: 4 }, async (item) => item)) taken.push(each); })()).rejects.toThrow('line 3');
  expect(taken).toEqual([0, 1]);
});
