/** How a problem is worded: one language, several ways to say each thing, names and things to speak of. */
import type { Draw } from '../draw.ts';
import type { Bilingual, Tongue } from './contract.ts';

type Values = Readonly<Record<string, string | number | bigint>>;

const NAMES: Readonly<Record<Tongue, readonly string[]>> = {
  en: ['Alice', 'Ben', 'Carla', 'David', 'Emma', 'Farid', 'Grace', 'Hugo', 'Ines', 'Jack', 'Kira', 'Leo', 'Mina', 'Noah', 'Olga', 'Priya', 'Quinn', 'Rosa', 'Sam', 'Tara', 'Umar', 'Vera', 'Will', 'Yuki', 'Zoe'],
  zh: ['小明', '小红', '小刚', '小丽', '小华', '小芳', '小强', '小雨', '小军', '小梅', '小杰', '小雪', '阿宝', '乐乐', '婷婷', '浩浩', '文文', '佳佳', '东东', '晓晓', '志远', '思琪', '子涵', '雨桐', '家豪'],
};

export class Voice {
  constructor(readonly language: Tongue, private readonly draw: Draw) {}

  /** One of the wordings of its language, `{name}` filled in. */
  say(english: readonly string[], chinese: readonly string[], values: Values = {}): string {
    const text = this.draw.pick(this.language === 'en' ? english : chinese);
    return text.includes('{') ? text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
  }

  of([english, chinese]: Bilingual): string {
    return this.language === 'en' ? english : chinese;
  }

  /** Different names of persons. */
  names(count: number): string[] {
    return this.draw.several(NAMES[this.language], count);
  }

  /** `a, b and c`, `a、b和c`. */
  list(parts: readonly string[]): string {
    const last = parts.at(-1) ?? '';
    if (parts.length < 2) return last;
    const before = parts.slice(0, -1);
    return this.language === 'en' ? `${before.join(', ')} and ${last}` : `${before.join('、')}和${last}`;
  }

  /** Steps as lines, those that are empty left out. */
  steps(...lines: readonly (string | readonly string[])[]): string {
    return lines.flat().filter((line) => line !== '').join('\n');
  }

  /** The sentence after the thinking, with the answer boxed. */
  answer(gold: string): string {
    return this.say(
      ['The answer is \\boxed{{gold}}.', 'So the answer is \\boxed{{gold}}.', 'Answer: \\boxed{{gold}}', 'The result is \\boxed{{gold}}.', 'Therefore, the answer is \\boxed{{gold}}.'],
      ['答案是 \\boxed{{gold}}。', '所以答案是 \\boxed{{gold}}。', '答案：\\boxed{{gold}}', '因此答案为 \\boxed{{gold}}。', '结果是 \\boxed{{gold}}。'],
      { gold },
    );
  }
}
