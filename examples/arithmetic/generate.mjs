// Writes this example's data: arithmetic problems with their reasoning, step by step, as a teacher would write it down.
//   node generate.mjs            data/train.jsonl, data/validation.jsonl, data/test.jsonl (committed; the same bytes every time)
//   node generate.mjs --teacher  data/teacher.jsonl as well (large; only teacher.json needs it)
// No problem stands in two files. The wording and the order of a step's operands vary, as they do in real traces.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROWS = { test: 1000, validation: 400, train: 4000, teacher: 40_000 };
const SEED = 20260823;
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
const digits = (n) => [...String(n)].map(Number).reverse();

/** "8+7" or "7+8": both are right, and a person writes either. */
const commuted = (a, sign, b) => (random() < 0.5 ? `${a}${sign}${b}` : `${b}${sign}${a}`);

function addition() {
  const [a, b] = [between(100, 999), between(100, 999)];
  const steps = [];
  let carry = 0;
  const [left, right] = [digits(a), digits(b)];
  for (let i = 0; i < 3; i += 1) {
    const sum = left[i] + right[i] + carry;
    const head = `${commuted(left[i], '+', right[i])}${carry ? '+1' : ''}=${sum}`;
    carry = sum > 9 && i < 2 ? 1 : 0;
    steps.push(i === 2 ? `${head} ${either('write', 'put')} ${sum}` : `${head} ${either('write', 'put')} ${sum % 10}${carry ? ' carry 1' : ''}`);
  }
  return { prompt: `${a}+${b}=`, steps, answer: a + b };
}

function subtraction() {
  const [x, y] = [between(100, 999), between(100, 999)];
  const [a, b] = x >= y ? [x, y] : [y, x];
  const steps = [];
  let borrowed = 0;
  const [left, right] = [digits(a), digits(b)];
  for (let i = 0; i < 3; i += 1) {
    const top = left[i] - borrowed;
    const need = top < right[i];
    const value = (need ? top + 10 : top) - right[i];
    steps.push(`${borrowed ? `${left[i]}-1=${top} ` : ''}${need ? `borrow ${top + 10}` : `${top}`}-${right[i]}=${value}`);
    borrowed = need ? 1 : 0;
  }
  return { prompt: `${a}-${b}=`, steps, answer: a - b };
}

/** A two-digit number times one digit, and a two-digit number added: steps that lean on each other. */
function productAndSum() {
  const [a, b, c] = [between(12, 99), between(2, 9), between(10, 99)];
  const steps = [];
  let carry = 0;
  const left = digits(a);
  for (let i = 0; i < 2; i += 1) {
    const product = left[i] * b + carry;
    const head = `${commuted(left[i], '*', b)}${carry ? `+${carry}` : ''}=${product}`;
    carry = i < 1 ? Math.floor(product / 10) : 0;
    steps.push(i === 1 ? `${head} ${either('write', 'put')} ${product}` : `${head} ${either('write', 'put')} ${product % 10}${carry ? ` carry ${carry}` : ''}`);
  }
  steps.push(`${either('so', 'then')} ${a * b}+${c}=${a * b + c}`);
  return { prompt: `${a}*${b}+${c}=`, steps, answer: a * b + c };
}

const KINDS = [addition, subtraction, productAndSum];
const seen = new Set();

function rows(count) {
  const lines = [];
  while (lines.length < count) {
    const { prompt, steps, answer } = KINDS[lines.length % KINDS.length]();
    if (seen.has(prompt)) continue;
    seen.add(prompt);
    lines.push(JSON.stringify({ prompt, think: steps.join('\n'), answer: String(answer) }));
  }
  return `${lines.join('\n')}\n`;
}

mkdirSync(folder, { recursive: true });
const wanted = process.argv.includes('--teacher') ? ['test', 'validation', 'train', 'teacher'] : ['test', 'validation', 'train'];
for (const split of wanted) writeFileSync(path.join(folder, `${split}.jsonl`), rows(ROWS[split]));
