/** Units of length, mass, time, volume, area and speed, exact to the last digit. */
import type { Draw } from '../../draw.ts';
import type { Bilingual, Difficulty, Draft, ProblemKind } from '../contract.ts';
import { valueOf } from '../proofs.ts';
import { decimalText, divide, equal, isWhole, multiply, plainText, rational, rationalOf, type Rational } from '../../symbolic/rational.ts';
import type { Voice } from '../voice.ts';

interface Statement {
  readonly value: string;
  readonly from: string;
  readonly to: string;
}

/** How many of the unit before make one: what a person climbs step by step. */
type Ladder = readonly (readonly [unit: string, ofBefore: number])[];

const LADDERS: Readonly<Record<string, Ladder>> = {
  length: [['mm', 1], ['cm', 10], ['dm', 10], ['m', 10], ['km', 1000]],
  mass: [['mg', 1], ['g', 1000], ['kg', 1000], ['t', 1000]],
  time: [['s', 1], ['min', 60], ['h', 60], ['d', 24]],
  volume: [['mL', 1], ['dL', 100], ['L', 10], ['hL', 100]],
  area: [['mm²', 1], ['cm²', 100], ['dm²', 100], ['m²', 100], ['ha', 10_000], ['km²', 100]],
  data: [['B', 1], ['KiB', 1024], ['MiB', 1024], ['GiB', 1024]],
};

const NAMES: Readonly<Record<string, Bilingual>> = {
  mm: ['millimetres', '毫米'], cm: ['centimetres', '厘米'], dm: ['decimetres', '分米'], m: ['metres', '米'], km: ['kilometres', '千米'],
  mg: ['milligrams', '毫克'], g: ['grams', '克'], kg: ['kilograms', '千克'], t: ['tonnes', '吨'],
  s: ['seconds', '秒'], min: ['minutes', '分钟'], h: ['hours', '小时'], d: ['days', '天'],
  mL: ['millilitres', '毫升'], dL: ['decilitres', '分升'], L: ['litres', '升'], hL: ['hectolitres', '百升'],
  'mm²': ['square millimetres', '平方毫米'], 'cm²': ['square centimetres', '平方厘米'], 'dm²': ['square decimetres', '平方分米'], 'm²': ['square metres', '平方米'], ha: ['hectares', '公顷'], 'km²': ['square kilometres', '平方千米'],
  B: ['bytes', '字节'], KiB: ['kibibytes', 'KiB'], MiB: ['mebibytes', 'MiB'], GiB: ['gibibytes', 'GiB'],
  'm/s': ['metres per second', '米/秒'], 'km/h': ['kilometres per hour', '千米/小时'], 'cm/s': ['centimetres per second', '厘米/秒'], 'm/min': ['metres per minute', '米/分钟'],
  'L/h': ['litres per hour', '升/小时'], 'mL/s': ['millilitres per second', '毫升/秒'], 'mL/min': ['millilitres per minute', '毫升/分钟'], 'L/min': ['litres per minute', '升/分钟'],
};

/** What one of each is in its base unit, written down apart from the ladders: what the checker uses. */
const SIZES: Readonly<Record<string, readonly [dimension: string, numerator: number, denominator: number]>> = {
  mm: ['m', 1, 1000], cm: ['m', 1, 100], dm: ['m', 1, 10], m: ['m', 1, 1], km: ['m', 1000, 1],
  mg: ['kg', 1, 1_000_000], g: ['kg', 1, 1000], kg: ['kg', 1, 1], t: ['kg', 1000, 1],
  s: ['s', 1, 1], min: ['s', 60, 1], h: ['s', 3600, 1], d: ['s', 86_400, 1],
  mL: ['m3', 1, 1_000_000], dL: ['m3', 1, 10_000], L: ['m3', 1, 1000], hL: ['m3', 1, 10],
  'mm²': ['m2', 1, 1_000_000], 'cm²': ['m2', 1, 10_000], 'dm²': ['m2', 1, 100], 'm²': ['m2', 1, 1], ha: ['m2', 10_000, 1], 'km²': ['m2', 1_000_000, 1],
  B: ['B', 1, 1], KiB: ['B', 1024, 1], MiB: ['B', 1_048_576, 1], GiB: ['B', 1_073_741_824, 1],
};

export const unitConversion: ProblemKind<Statement> = {
  name: 'unit-conversion', task: 'maths', proof: 'evaluation',
  about: ['Units of length, mass, time, volume, area, data, speed and flow', '长度、质量、时间、体积、面积、数据、速度与流量单位'],
  grows: ['one step down, one step either way with decimals, several steps, areas, speeds and flows', '一步化小、一步含小数、多步、面积、速度与流量'],
  make(draw, difficulty, voice) {
    return difficulty === 5 || (difficulty === 4 && draw.chance(0.4)) ? rateOf(draw, difficulty, voice) : ladderOf(draw, difficulty, voice);
  },
  check({ value, from, to }, gold) {
    const [given, found] = [rationalOf(value), valueOf(gold)];
    const [a, b] = [sizeOf(from), sizeOf(to)];
    return given !== null && found !== null && a !== null && b !== null && a.dimension === b.dimension && equal(multiply(given, a.size), multiply(found, b.size));
  },
};

function sizeOf(unit: string): { readonly dimension: string; readonly size: Rational } | null {
  const parts = unit.split('/').map((each) => SIZES[each]);
  const [top, bottom] = parts;
  if (top === undefined || parts.includes(undefined)) return null;
  const size = rational(top[1], top[2]);
  if (bottom === undefined) return { dimension: top[0], size };
  const quotient = divide(size, rational(bottom[1], bottom[2]));
  return quotient && { dimension: `${top[0]}/${bottom[0]}`, size: quotient };
}

function draft(value: Rational, from: string, to: string, result: Rational, lines: readonly string[], voice: Voice): Draft<Statement> | null {
  const [given, gold] = [decimalText(value), plainText(result)];
  if (given === null || decimalText(result) === null || gold.length > 12) return null;
  const name = (unit: string): string => voice.of(NAMES[unit] ?? [unit, unit]);
  const values = { given, from: name(from), to: name(to), shortFrom: from, shortTo: to };
  return {
    statement: { value: given, from, to }, gold, think: voice.steps(lines),
    answer: voice.say(['{given} {shortFrom} is \\boxed{{gold}} {shortTo}.', 'That makes \\boxed{{gold}} {shortTo}.', 'The answer is \\boxed{{gold}} {shortTo}.'], ['{given} {shortFrom} 等于 \\boxed{{gold}} {shortTo}。', '答案是 \\boxed{{gold}} {shortTo}。', '结果为 \\boxed{{gold}} {shortTo}。'], { ...values, gold }),
    prompt: voice.say(
      ['Convert {given} {from} to {to}.', 'How many {to} are {given} {from}?', 'Express {given} {shortFrom} in {shortTo}.', 'Write {given} {from} in {to}.'],
      ['把 {given} {from}换算成{to}。', '{given} {from}等于多少{to}？', '将 {given} {shortFrom} 用 {shortTo} 表示。', '{given} {from} = ？{to}'], values,
    ),
  };
}

function ladderOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const ladder = LADDERS[difficulty === 4 ? draw.pick(['area', 'data', 'area', 'volume']) : draw.pick(['length', 'mass', 'time', 'volume'])] ?? [];
  const steps = difficulty <= 2 ? 1 : draw.int(2, ladder.length - 1);
  const low = draw.int(0, ladder.length - 1 - steps);
  const down = difficulty === 1 || draw.chance(0.5);
  const [start, end] = down ? [low + steps, low] : [low, low + steps];
  const places = difficulty === 1 ? 0 : draw.int(0, 2);
  // Upwards the value is made from the result, so that it comes out even.
  const factor = ladder.slice(low + 1, low + steps + 1).reduce((product, [, each]) => product * each, 1);
  const drawn = rational(draw.int(2, difficulty === 1 ? 400 : 9999), 10n ** BigInt(places));
  let value = down ? drawn : multiply(drawn, rational(factor));
  if (!down && difficulty >= 2 && draw.chance(0.5)) value = drawn;
  const lines: string[] = [];
  let current = value;
  for (let at = start; at !== end;) {
    const next = down ? at - 1 : at + 1;
    const each = ladder[down ? at : next]?.[1] ?? 1;
    const [from = '', to = ''] = [ladder[at]?.[0], ladder[next]?.[0]];
    const result = down ? multiply(current, rational(each)) : divide(current, rational(each));
    if (result === null || decimalText(result) === null || decimalText(current) === null) return null;
    const claim = `${plainText(current)} ${down ? '×' : '÷'} ${String(each)} = ${plainText(result)}`;
    lines.push(voice.say(
      down ? ['1 {from} is {each} {to}, so multiply: {claim}, in {to}.', 'From {from} to {to}: times {each}, {claim}, in {to}.'] : ['{each} {from} make 1 {to}, so divide: {claim}, in {to}.', 'From {from} to {to}: divide by {each}, {claim}, in {to}.'],
      down ? ['1 {from} 是 {each} {to}，乘以 {each}：{claim}（{to}）。', '从 {from} 到 {to} 乘以 {each}：{claim}（{to}）。'] : ['{each} {from} 是 1 {to}，除以 {each}：{claim}（{to}）。', '从 {from} 到 {to} 除以 {each}：{claim}（{to}）。'], { from, to, each, claim },
    ));
    [current, at] = [result, next];
  }
  return draft(value, ladder[start]?.[0] ?? '', ladder[end]?.[0] ?? '', current, lines, voice);
}

/** Numerator first, then the time below. */
const RATES: readonly (readonly [from: string, to: string, top: number, topUp: boolean, bottom: number, bottomUp: boolean])[] = [
  ['km/h', 'm/s', 1000, false, 3600, false], ['m/s', 'km/h', 1000, true, 3600, true], ['m/min', 'cm/s', 100, false, 60, false], ['cm/s', 'm/min', 100, true, 60, true],
  ['km/h', 'm/min', 1000, false, 60, false], ['m/min', 'km/h', 1000, true, 60, true], ['L/h', 'mL/min', 1000, false, 60, false], ['mL/min', 'L/h', 1000, true, 60, true],
  ['L/h', 'mL/s', 1000, false, 3600, false], ['mL/s', 'L/h', 1000, true, 3600, true], ['L/min', 'mL/s', 1000, false, 60, false], ['mL/s', 'L/min', 1000, true, 60, true],
];

function rateOf(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null {
  const [from, to, top, topUp, bottom, bottomUp] = draw.pick(RATES);
  const value = rational(draw.int(1, difficulty === 4 ? 90 : 900) * (difficulty === 4 ? 6 : 3), difficulty === 4 ? 1 : draw.pick([1, 2, 5, 10]));
  const [fromTop = '', fromBottom = ''] = from.split('/');
  const [toTop = '', toBottom = ''] = to.split('/');
  const middle = topUp ? divide(value, rational(top)) : multiply(value, rational(top));
  const result = middle && (bottomUp ? multiply(middle, rational(bottom)) : divide(middle, rational(bottom)));
  if (middle === null || result === null || decimalText(middle) === null || (isWhole(value) && equal(value, result))) return null;
  const first = `${plainText(value)} ${topUp ? '÷' : '×'} ${String(top)} = ${plainText(middle)}`;
  const second = `${plainText(middle)} ${bottomUp ? '×' : '÷'} ${String(bottom)} = ${plainText(result)}`;
  return draft(value, from, to, result, [
    voice.say(['First the amount, {fromTop} to {toTop}: {first}, in {toTop} per {fromBottom}.', 'Change {fromTop} into {toTop}: {first}, in {toTop}/{fromBottom}.'], ['先换算分子 {fromTop} 到 {toTop}：{first}（{toTop}/{fromBottom}）。', '把 {fromTop} 化为 {toTop}：{first}（{toTop}/{fromBottom}）。'], { fromTop, toTop, fromBottom, first }),
    bottomUp ? voice.say(['One {toBottom} has {bottom} {fromBottom}, so more passes in it: {second}, in {to}.', 'Then the time: {bottom} {fromBottom} make 1 {toBottom}, {second}, in {to}.'], ['1 {toBottom} 等于 {bottom} {fromBottom}，所以乘：{second}（{to}）。', '再换算时间，1 {toBottom} 含 {bottom} {fromBottom}：{second}（{to}）。'], { toBottom, fromBottom, bottom, second, to })
      : voice.say(['One {fromBottom} has {bottom} {toBottom}, so in one {toBottom} it is {second}, in {to}.', 'Then the time: 1 {fromBottom} is {bottom} {toBottom}, {second}, in {to}.'], ['1 {fromBottom} 等于 {bottom} {toBottom}，每 {toBottom}：{second}（{to}）。', '再换算时间，1 {fromBottom} 是 {bottom} {toBottom}：{second}（{to}）。'], { toBottom, fromBottom, bottom, second, to }),
  ], voice);
}
