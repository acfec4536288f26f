/** Units of measure and money that an answer may carry: which of them measure the same, and their factors, exactly. */
import type { Unit } from './expression.ts';
import { over, readDecimal, whole, type Rational } from './rational.ts';

type Row = readonly [factor: string, ...names: string[]];

/** Of each dimension: what one of its units is, in the dimension's own, with all writings (lower case; plurals are found). */
const DIMENSIONS: Readonly<Record<string, readonly Row[]>> = {
  length: [
    ['1', 'm', 'meter', 'metre', '米', '公尺'], ['1000', 'km', 'kilometer', 'kilometre', '千米', '公里'], ['0.1', 'dm', 'decimeter', 'decimetre', '分米'], ['0.01', 'cm', 'centimeter', 'centimetre', '厘米', '公分'],
    ['0.001', 'mm', 'millimeter', 'millimetre', '毫米'], ['0.0254', 'in', 'inch', 'inches', '英寸'], ['0.3048', 'ft', 'foot', 'feet', '英尺'], ['0.9144', 'yd', 'yard', '码'], ['1609.344', 'mi', 'mile', '英里'],
  ],
  mass: [
    ['1', 'g', 'gram', 'gramme', '克'], ['1000', 'kg', 'kilogram', 'kilo', '千克', '公斤'], ['0.001', 'mg', 'milligram', '毫克'], ['1000000', 'tonne', 'metric ton', '吨'], ['500', '斤'], ['50', '两'],
    ['28.349523125', 'oz', 'ounce', '盎司'], ['453.59237', 'lb', 'lbs', 'pound', '磅'],
  ],
  time: [
    ['1', 's', 'sec', 'second', '秒', '秒钟'], ['60', 'min', 'minute', '分钟'], ['3600', 'h', 'hr', 'hour', '小时', '个小时', '钟头'], ['86400', 'day', '天', '日'], ['900', '刻钟'], ['604800', 'week', '周', '星期', '个星期'],
    ['0.001', 'ms', 'millisecond', '毫秒'],
  ],
  // Months have no fixed number of days.
  months: [['1', 'month', '个月', '月'], ['12', 'year', 'yr', '年']],
  volume: [
    ['1', 'l', 'liter', 'litre', '升'], ['0.001', 'ml', 'milliliter', 'millilitre', '毫升', 'cm^3', 'cubic centimeter', 'cubic centimetre', '立方厘米'], ['1000', 'm^3', 'cubic meter', 'cubic metre', '立方米'],
    ['1', 'dm^3', 'cubic decimeter', '立方分米'], ['3.785411784', 'gallon', 'gal', '加仑'], ['0.946352946', 'quart', 'qt'], ['0.473176473', 'pint', 'pt'], ['0.2365882365', 'cup'],
    ['28.316846592', 'ft^3', 'cubic foot', 'cubic feet'], ['0.016387064', 'in^3', 'cubic inch', 'cubic inches'],
  ],
  area: [
    ['1', 'm^2', 'square meter', 'square metre', 'sq m', '平方米', '平米'], ['1000000', 'km^2', 'square kilometer', 'square kilometre', '平方千米', '平方公里'], ['0.0001', 'cm^2', 'square centimeter', 'square centimetre', 'sq cm', '平方厘米'],
    ['0.01', 'dm^2', 'square decimeter', '平方分米'], ['0.000001', 'mm^2', 'square millimeter', '平方毫米'], ['10000', 'hectare', 'ha', '公顷'], ['0.09290304', 'ft^2', 'square foot', 'square feet', 'sq ft', '平方英尺'],
    ['0.00064516', 'in^2', 'inch^2', 'inches^2', 'square inch', 'square inches', 'sq in', '平方英寸'], ['4046.8564224', 'acre', '英亩'], ['2589988.110336', 'mi^2', 'square mile', '平方英里'], ['0.83612736', 'yd^2', 'square yard'],
  ],
  speed: [
    ['3.6', 'm/s', 'meter per second', 'meters per second', '米/秒', '米每秒'], ['1', 'km/h', 'kph', 'kmh', 'kilometer per hour', 'kilometers per hour', 'kilometres per hour', '千米/时', '千米/小时', '千米每小时', '公里/小时'],
    ['1.609344', 'mph', 'mi/h', 'mile per hour', 'miles per hour', 'miles/hour', '英里/小时'], ['0.06', 'm/min', 'meters per minute', '米/分', '米/分钟', '米每分钟'],
  ],
  angle: [['1', '°', 'degree', 'deg', '度']],
  radian: [['1', 'rad', 'radian', '弧度']],
  temperature: [['1', '°c', 'degrees celsius', '摄氏度']],
  fahrenheit: [['1', '°f', 'degrees fahrenheit', '华氏度']],
  share: [['1', '%', 'percent', 'percentage point', '个百分点']],
  USD: [['1', '¤', 'usd', 'us$', 'dollar', 'buck', '美元', '美金'], ['0.01', 'cent', '¢', '美分']],
  CNY: [['1', 'cny', 'rmb', 'yuan', '元', '块', '块钱', '元钱', '人民币', '元人民币'], ['0.1', '角', '毛', '毛钱'], ['0.01', '分钱']],
  EUR: [['1', '€', 'eur', 'euro', '欧元', '欧']],
  GBP: [['1', '£', 'gbp', '英镑']],
  JPY: [['1', 'jpy', 'yen', '日元', '日圆']],
};

const UNITS: ReadonlyMap<string, Unit> = new Map(Object.entries(DIMENSIONS).flatMap(([dimension, rows]) => rows.flatMap(([factor, ...names]) =>
  names.map((name): [string, Unit] => [name, { dimension, factor: readDecimal(factor) ?? whole(1), name }]))));
const PREFIXES: Readonly<Record<string, string>> = { '¤': '¤', 'us$': '¤', '€': '€', '£': '£', '¥': 'cny', '￥': 'cny', usd: '¤', rmb: 'cny', 'us¤': '¤' };
const LONGEST_NAME = 24;

/** The unit of that name, plural or not; null where we don't know one. */
export function unitNamed(written: string): Unit | null {
  const name = written.toLowerCase().replaceAll(/\s+/g, ' ').replaceAll(/\^\s*\{\s*(\d)\s*\}/g, '^$1').replaceAll(/([a-z]) \^/g, '$1^').replaceAll(/([a-z])\s?(?:²|squared)$/g, '$1^2').replace(/\s*\/\s*/g, '/').replace(/\.$/, '').trim();
  if (name.length > LONGEST_NAME || name === '') return null;
  return UNITS.get(name) ?? UNITS.get(name.replace(/s$/, '')) ?? UNITS.get(name.replace(/s (of|per) /, ' $1 ')) ?? UNITS.get(name.replace(/(square|cubic) (.*)s$/, '$1 $2')) ?? UNITS.get(name.replace(/^个/, '')) ?? null;
}

/** A sign of money before a number: its unit and the rest. */
export function leadingMoney(text: string): { readonly unit: Unit; readonly rest: string; readonly minus: boolean } | null {
  const match = /^(-?)\s*(US\$|US¤|[¤€£¥￥]|USD|RMB)\s*(-?)/i.exec(text);
  const name = PREFIXES[(match?.[2] ?? '').toLowerCase()];
  const unit = name === undefined ? undefined : UNITS.get(name);
  return match === null || unit === undefined ? null : { unit, rest: text.slice(match[0].length), minus: (match[1] ?? '') + (match[3] ?? '') === '-' };
}

/** Whether both measure the same thing. */
export function sameDimension(a: Unit, b: Unit): boolean {
  return a.dimension === b.dimension;
}

/** What a value in `from` is multiplied with to be one in `to`. */
export function conversion(from: Unit, to: Unit): Rational | null {
  return over(from.factor, to.factor);
}
