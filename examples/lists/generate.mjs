// Writes this example's data: a list of digits (1 to 9: without 0 a list is the same text as the number it looks like), three instructions one after another, and what becomes of the list at each.
//   node generate.mjs            data/train.jsonl, data/validation.jsonl, data/test.jsonl (committed; the same bytes every time)
//   node generate.mjs --teacher  data/teacher.jsonl as well (large; only teacher.json needs it)
// No problem stands in two files. The wording of a step varies, as it does in real traces.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROWS = { test: 1000, validation: 400, train: 4000, teacher: 40_000 };
const SEED = 20261122;
const LENGTHS = [5, 8];
const INSTRUCTIONS = 3;
const folder = path.join(import.meta.dirname, 'data');

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough for shuffling problems. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(SEED);
const below = (n) => Math.floor(random() * n);
const between = (low, high) => low + below(high - low + 1);
const either = (...choices) => choices[below(choices.length)];

const CHANGES = {
  sort: (xs) => xs.toSorted((a, b) => a - b),
  reverse: (xs) => xs.toReversed(),
  even: (xs) => xs.filter((x) => x % 2 === 0),
  odd: (xs) => xs.filter((x) => x % 2 === 1),
  unique: (xs) => [...new Set(xs)],
  // 9 becomes 1: digits stay digits.
  next: (xs) => xs.map((x) => (x % 9) + 1),
  half: (xs) => xs.slice(0, Math.ceil(xs.length / 2)),
  turn: (xs) => [...xs.slice(1), xs[0]],
};
/** The last instruction of every other problem makes one number of the list. */
const ENDS = {
  max: (xs) => Math.max(...xs),
  min: (xs) => Math.min(...xs),
  sum: (xs) => xs.reduce((sum, x) => sum + x, 0),
  count: (xs) => xs.length,
};

function problem(withEnd) {
  const start = Array.from({ length: between(...LENGTHS) }, () => between(1, 9));
  const names = [];
  const steps = [];
  let now = start;
  while (names.length < INSTRUCTIONS - (withEnd ? 1 : 0)) {
    const name = either(...Object.keys(CHANGES));
    if (name === names.at(-1)) continue;
    const after = CHANGES[name](now);
    if (after.length === 0) return null;
    names.push(name);
    steps.push(`${name}${either(':', ' gives')} ${after.join('')}`);
    now = after;
  }
  let answer = now.join('');
  if (withEnd) {
    const name = either(...Object.keys(ENDS));
    answer = String(ENDS[name](now));
    names.push(name);
    steps.push(`${name} ${name === 'sum' && now.length > 1 ? `${(random() < 0.5 ? now : now.toReversed()).join('+')} ` : ''}${either('is', 'makes')} ${answer}`);
  }
  return { prompt: `${start.join('')} ${names.join(' ')}=`, think: steps.join('\n'), answer };
}

const seen = new Set();

function rows(count) {
  const lines = [];
  while (lines.length < count) {
    const made = problem(lines.length % 2 === 1);
    if (made === null || seen.has(made.prompt)) continue;
    seen.add(made.prompt);
    lines.push(JSON.stringify(made));
  }
  return `${lines.join('\n')}\n`;
}

mkdirSync(folder, { recursive: true });
const wanted = process.argv.includes('--teacher') ? ['test', 'validation', 'train', 'teacher'] : ['test', 'validation', 'train'];
for (const split of wanted) writeFileSync(path.join(folder, `${split}.jsonl`), rows(ROWS[split]));
