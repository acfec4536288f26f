import { describe, expect, test } from 'vitest';
import { CHUNK, RowCache } from '../../../webview/review/rowCache.ts';
import { VirtualScroll } from '../../../webview/review/virtual.ts';
import type { RowPreview } from '../../../src/shared/dataPanel.ts';

describe('a list that fits into an element', () => {
  const scroll = new VirtualScroll(20, 10_000);
  scroll.resize(100, 200);

  test('is as high as its rows, and scrolls as any other', () => {
    expect([scroll.height, scroll.scaled, scroll.page]).toEqual([2000, false, 10]);
    scroll.takeScrollTop(130);
    expect(scroll.top).toBe(130);
    expect(scroll.scrollTop).toBe(130);
    expect(scroll.span).toEqual({ first: 6, end: 17 });
    expect(scroll.offsetOf(6)).toBe(-10);
  });

  test('reveals a row with as little scrolling as it needs', () => {
    scroll.scrollTo(130);
    scroll.reveal(7);
    expect(scroll.top).toBe(130);
    scroll.reveal(6);
    expect(scroll.top).toBe(120);
    scroll.reveal(16);
    expect(scroll.top).toBe(140);
  });

  test('stays within its ends, also when rows go', () => {
    scroll.scrollTo(1e9);
    expect(scroll.span).toEqual({ first: 90, end: 100 });
    scroll.resize(5, 200);
    expect([scroll.top, scroll.span]).toEqual([0, { first: 0, end: 5 }]);
    scroll.resize(0, 200);
    expect(scroll.span).toEqual({ first: 0, end: 0 });
  });
});

describe('a list of a million rows in an element of bounded height', () => {
  const [rows, rowHeight, most, viewport] = [1_000_000, 46, 10_000_000, 600];
  const make = (): VirtualScroll => {
    const scroll = new VirtualScroll(rowHeight, most);
    scroll.resize(rows, viewport);
    return scroll;
  };

  test('reaches its first and its last row by the scroll bar', () => {
    const scroll = make();
    expect([scroll.height, scroll.scaled]).toEqual([most, true]);
    scroll.takeScrollTop(most - viewport);
    expect(scroll.span.end).toBe(rows);
    expect(scroll.offsetOf(rows - 1)).toBeCloseTo(viewport - rowHeight, 3);
    scroll.takeScrollTop(0);
    expect(scroll.span.first).toBe(0);
  });

  test('moves by single pixels though the scroll bar’s are coarser, and does not jump when the bar answers', () => {
    const scroll = make();
    scroll.scrollTo(23_000_000);
    for (let pixel = 1; pixel <= 50; pixel++) {
      scroll.scrollBy(1);
      // A browser rounds what it was told.
      scroll.takeScrollTop(Math.round(scroll.scrollTop));
      expect(scroll.top).toBe(23_000_000 + pixel);
    }
  });

  test('shows every row when it is asked for, wherever it is', () => {
    const scroll = make();
    for (let row = 0; row < rows; row += 99_991) {
      scroll.reveal(row);
      const { first, end } = scroll.span;
      expect(first <= row && row < end && scroll.offsetOf(row) >= 0 && scroll.offsetOf(row) <= viewport - rowHeight).toBe(true);
      scroll.takeScrollTop(scroll.scrollTop);
      expect(scroll.span).toEqual({ first, end });
    }
  });
});

describe('the rows that are here', () => {
  const row = (n: number): RowPreview => ({ row: n, line: n + 1, removed: false, prompt: '', answer: '', verdict: '', decision: '', length: null, cut: false, task: '', rule: '' });
  const rowsFrom = (from: number): readonly RowPreview[] => Array.from({ length: CHUNK }, (_, n) => row(from + n));

  test('are asked for once, and those of an earlier view are not taken', () => {
    const asked: number[] = [];
    const cache = new RowCache((_, from) => asked.push(from));
    cache.begin(1);
    cache.want(CHUNK - 5, CHUNK + 20);
    cache.want(CHUNK - 4, CHUNK + 21);
    expect(asked).toEqual([0, CHUNK]);
    cache.begin(2);
    expect(cache.put(1, 0, rowsFrom(0))).toBe(false);
    expect(cache.put(2, CHUNK, rowsFrom(CHUNK))).toBe(true);
    expect(cache.at(CHUNK + 3)?.row).toBe(CHUNK + 3);
    expect(cache.at(3)).toBeUndefined();
  });

  test('far away are forgotten, so that a person can scroll through a million of them', () => {
    const cache = new RowCache(() => undefined);
    cache.begin(1);
    for (let from = 0; from < 200 * CHUNK; from += CHUNK) cache.put(1, from, rowsFrom(from));
    expect(cache.at(0)).toBeUndefined();
    expect(cache.at(199 * CHUNK)?.row).toBe(199 * CHUNK);
  });
});
