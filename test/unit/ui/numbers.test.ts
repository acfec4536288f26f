import { expect, test } from 'vitest';
import { duration, parameterCount, percent, shortNumber } from '../../../src/shared/numbers.ts';

test('a number is short and true to four digits', () => {
  expect([0, 1, 0.693147, 12.3456, 0.00012346, -2.5, 123456.7].map(shortNumber)).toEqual(['0', '1', '0.6931', '12.35', '0.0001235', '-2.5', '123500']);
  expect([0.00001234, 1_234_567].map(shortNumber)).toEqual(['1.2e-5', '1.2e+6']);
  expect(shortNumber(Number.NaN)).toBe('NaN');
});

test('a share is a percentage with at most one decimal', () => {
  expect([0, 0.5, 0.9348, 1].map(percent)).toEqual(['0%', '50%', '93.5%', '100%']);
});

test('a time span has two units at most', () => {
  expect([400, 59_400, 60_000, 200_000, 3_600_000, 7_500_000, -5].map(duration)).toEqual(['0s', '59s', '1m 00s', '3m 20s', '1h 00m', '2h 05m', '0s']);
});

test('a size of a model is written as the field writes it', () => {
  expect([260, 812_544, 1_240_000, 7_620_000_000].map(parameterCount)).toEqual(['260', '813K', '1.24M', '7.62B']);
});
