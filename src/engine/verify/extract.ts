/** Finds the final answer in what a model wrote. Every way of finding it has its own name, so that a verdict can say how sure it is. */
import { lastBoxed } from './boxed.ts';
import { variablesOf } from './expression.ts';
import { optionLetters, readMeaning, truthOf } from './meaning.ts';
import { leadingChinese, scaleAfter } from './numerals.ts';
import { standingOf, type Standing } from './standing.ts';
import { unitNamed } from './units.ts';

export type FoundBy = 'boxed' | 'hash' | 'stated' | 'choice' | 'whole' | 'conclusion' | 'bold' | 'last-number' | 'several';

export interface Extraction {
  readonly text: string;
  readonly by: FoundBy;
  /** Where the text doesn't simply state a number: what it says of it. */
  readonly standing?: Exclude<Standing, { type: 'stated' }>;
  /** A number that is said not to be the answer, after the one that was found. */
  readonly denied?: string;
}

export interface ExtractOptions {
  /** What is looked for: an answer that is a number isn't a letter. */
  readonly kind?: 'choice' | 'truth' | 'number' | 'any';
  readonly options?: readonly string[];
  /** A reference is taken whole where no mark says otherwise. */
  readonly reference?: boolean;
}

/** Characters at the end of a text that are looked through: no answer stands further from its end. */
const TAIL = 40_000;
/** A line this short without a mark is the answer itself. */
const SHORT_ANSWER = 60;

/** What a line may begin with before its first word: list marks, emphasis, emoji. */
const LINE_START = String.raw`(?:^|\n)[\s#>*_\-–—\d.、()（）"“\p{Extended_Pictographic}\u200d\ufe0f]{0,16}`;
/** What comes after the answer: an exercise, a question back. Everything from there on is left out. */
const EXERCISE = new RegExp(`${LINE_START}(?:小练习|练习(?:一下|题|[:：*])|课后|小?互动|小?思考|小提[问示]|拓展|延伸|举一反三|试试|试一试|小?挑战|巩固|想一想|想考考|(?:不过)?老师想考|如果学生|考考你|问[:：]|practice (?:together|problem|question|time)|practice[:*]|try (?:it|this|another|one)|your turn|challenge\\b|bonus\\b|extra\\b|extension\\b|now you try|want to try|let[’']s (?:practice|try another)|check (?:your|for) understanding|similar (?:problem|example|question))`, 'iu');
/** Where a solution is checked or made vivid: numbers there are not the answer's, unless there are none before. */
const CHECK = new RegExp(`${LINE_START.replace('()（）', '')}(?:我们(?:来|可以)?)?(?:一起)?(?:验证|检查|检验|核对|小?检查|(?:final |quick |double[- ])?check\\b|verif|let[’']s (?:check|verify|double)|check your work|real[- ]life|举个|就像|试想|想象)`, 'iu');
/** Strongest first; of each kind the last counts. */
const STATED: readonly RegExp[] = [
  /(?:final|correct) answer(?:\s+is)?\s*(?:\*\*|__)?\s*[:：=]?\s*(?:\*\*|__)?/giu,
  /最终答案\s*(?:\*\*)?\s*(?:是|为|就是|应该是|[:：=])?\s*(?:\*\*)?/gu,
  /(?:the|our|so the|this) answer(?:\s+(?:to [^.\n]{1,60}))?\s+(?:is|would be|should be|must be|comes out to|=)\s*[:：]?/giu,
  /(?:正确)?答案(?:\*\*)?\s*(?:就是|应该是|应为|是|为|选|[:：=])\s*(?:\*\*)?/gu,
  /(?:^|\n)\W{0,8}(?:answer|solution)\W{0,6}\n/giu,
  /(?:^|\n)\W{0,8}答案\W{0,6}\n/giu,
  /(?:^|\n)\W{0,8}答(?:\*\*)?\s*[:：]\s*(?:\*\*)?/gu,
];
/** Also said of a step's question: it counts as a conclusion, where it stands last. */
const WEAKLY_STATED = /(?:^|\n)\W{0,8}answer(?:\*\*)?\s*[:：=]\s*(?:\*\*)?/giu;
const CONCLUSION = /(?:^|[\n。.!?！？])\s*[^\n\p{L}\p{N}]{0,8}(?:so|thus|therefore|hence|in total|altogether|in conclusion|in summary|所以|因此|综上|故|总共|一共|最终|最后)[^\n]{1,300}/giu;

/** Never throws; null where nothing that could be an answer stands in the text. */
export function extractFinal(text: string, { kind = 'any', options = [], reference = false }: ExtractOptions = {}): Extraction | null {
  const tail = tagged(text.length > TAIL ? text.slice(-TAIL) : text);
  const whole = tail.trim();
  if (whole === '') return null;
  const boxed = lastBoxed(tail);
  if (boxed !== null) return boxed.trim() === '' ? null : { text: boxed, by: 'boxed' };
  const hash = [...tail.matchAll(/####[ \t]*([^\n]+)/g)].at(-1)?.[1]?.trim();
  if (hash !== undefined) return { text: hash, by: 'hash' };
  if (reference) return { text: whole, by: 'whole' };
  const body = before(whole, EXERCISE);
  if (kind === 'choice') return choiceIn(body, options);
  if (kind === 'truth') return truthIn(body);
  const stated = statedIn(body, kind);
  if (stated !== null) return stated;
  if (whole.length <= SHORT_ANSWER && !whole.includes('\n')) return kind === 'number' && isSentence(whole) ? extracted(coreOf(whole, kind) ?? { text: whole, standing: STATED_PLAINLY }, 'whole') : { text: whole, by: 'whole' };
  if (kind === 'any') return lastMathematics(body);
  const said = lastSaid(before(body, CHECK)) ?? lastSaid(body);
  if (said !== null) return said;
  const number = numbersOf(body).at(-1);
  return number === undefined ? null : { text: number, by: 'last-number' };
}

/** The content of the last <answer>…</answer>, as R1-Zero's prompt asks for it; else the text. */
function tagged(text: string): string {
  const end = text.lastIndexOf('</answer>') < 0 ? text.lastIndexOf('</ANSWER>') : text.lastIndexOf('</answer>');
  const start = end < 0 ? -1 : Math.max(text.lastIndexOf('<answer>', end), text.lastIndexOf('<ANSWER>', end));
  return start < 0 ? text : text.slice(start + '<answer>'.length, end);
}

/** The text before a section, where something stands before it. */
function before(text: string, section: RegExp): string {
  const cut = section.exec(text);
  return cut === null || cut.index < 20 ? text : text.slice(0, cut.index);
}

function statedIn(body: string, kind: 'number' | 'any'): Extraction | null {
  for (const mark of STATED) {
    for (const found of [...body.matchAll(mark)].reverse().slice(0, 3)) {
      // (Answer: 3 × 3 = 9) belongs to a question in passing.
      if (/[(（*]\s?$/.test(body.slice(Math.max(0, found.index - 2), found.index)) && /[(（]/.test(body.slice(Math.max(0, found.index - 3), found.index))) continue;
      if (/^\W*[(（]/.test(found[0])) continue;
      const end = found.index + found[0].length;
      // Asterisks that the mark took with it and that open something.
      const statement = `${/\*\*$/.test(found[0]) && /\S/.test(body[end] ?? ' ') ? '**' : ''}${statementAt(body, end)}`;
      const bold = boldNumbers(statement);
      if (kind === 'number' && new Set(bold).size > 1 && /\*\*\s*(?:[,，、]|and\b|和|以及|&)\s*\*\*/u.test(statement)) return { text: bold.join(', '), by: 'several' };
      const core = coreOf(statement, kind);
      if (core !== null) return extracted(core, 'stated');
    }
  }
  return null;
}

/** A number in a statement, and what the statement says of it. */
interface Core {
  readonly text: string;
  readonly standing: Standing;
}

const STATED_PLAINLY: Standing = { type: 'stated' };

function extracted({ text, standing }: Core, by: FoundBy): Extraction {
  return standing.type === 'stated' ? { text, by } : { text, by, standing };
}

/** Of what is concluded, printed bold or the result of an equation: what stands last. */
function lastSaid(body: string): Extraction | null {
  let best: { readonly core: Core; readonly by: FoundBy; readonly end: number } | null = null;
  let denied: { readonly core: Core; readonly by: FoundBy; readonly end: number } | null = null;
  const offer = (core: Core | null, by: FoundBy, end: number): void => {
    if (core?.standing.type === 'denied') {
      if (denied === null || end >= denied.end) denied = { core, by, end };
    } else if (core !== null && (best === null || end >= best.end)) best = { core, by, end };
  };
  for (const found of body.matchAll(CONCLUSION)) {
    if (!/[:：]\W*$/.test(found[0])) offer(coreOf(found[0], 'number'), 'conclusion', found.index + found[0].length);
  }
  for (const found of body.matchAll(/\*\*([^*\n]{1,200})\*\*/g)) {
    const inner = found[1] ?? '';
    if (/\d/.test(inner) && !/^\W*(?:step|part|week|day|method|case|第|步骤|方法)|[:：]\s*$|[?？]/iu.test(inner)) offer(coreOf(inner, 'number'), 'bold', found.index + found[0].length);
  }
  for (const found of body.matchAll(WEAKLY_STATED)) {
    const end = found.index + found[0].length;
    offer(coreOf(statementAt(body, end), 'number'), 'stated', end);
  }
  for (const found of body.matchAll(RESULT)) offer({ text: withUnit(body, found[1] ?? '', found.indices?.[1]?.[0] ?? 0), standing: STATED_PLAINLY }, 'conclusion', found.index + found[0].length);
  type Offer = { readonly core: Core; readonly by: FoundBy; readonly end: number } | null;
  const [last, refused] = [best as Offer, denied as Offer];
  if (last === null) return refused === null ? null : extracted(refused.core, refused.by);
  return { ...extracted(last.core, last.by), ...(refused !== null && refused.end > last.end ? { denied: refused.core.text } : {}) };
}

/** The rest of the line after a mark, or the next line where nothing follows on it. */
function statementAt(text: string, start: number): string {
  const rest = text.slice(start, start + 600).replace(/^[\s*_:：=>#-]*\n+/, '').replace(/^[\s:：=]+/, '');
  const [line = ''] = rest.split('\n');
  // One sentence: what follows talks about something else.
  const [sentence = line] = /^.{3,}?(?:[。！？]|[.!?](?=\*{0,2}\s+["“*(]?[A-Z]))/u.exec(line) ?? [];
  return sentence.trim();
}

function lastMathematics(body: string): Extraction | null {
  const pieces = [...body.matchAll(/\$([^$\n]{1,300})\$|\\\(([^\n]{1,300}?)\\\)|\\\[([^]{1,600}?)\\\]|\*\*([^*\n]{1,200})\*\*/g)];
  const last = pieces.at(-1);
  const text = last?.[1] ?? last?.[2] ?? last?.[3] ?? last?.[4];
  if (text !== undefined) return { text: afterEquals(text.trim()), by: 'bold' };
  const [lastLine = ''] = body.trim().split('\n').slice(-1);
  return { text: lastLine.trim(), by: 'conclusion' };
}

function afterEquals(text: string): string {
  const at = text.lastIndexOf('=');
  return at < 0 || /[<>]|\\le|\\ge/.test(text) ? text : text.slice(at + 1).trim();
}

/** The answer within a statement: mathematics or bold text in it, the whole where it reads as one thing, or its number. */
function coreOf(statement: string, kind: 'number' | 'any'): Core | null {
  // 21, not 121.
  const line = statement.trim().replace(/[,，;；]\s*(?:而不是|而非|不是|not\b|rather than|instead of)[^]*$/u, '').replace(/[.。!！]+$/, '');
  if (line === '') return null;
  if (kind === 'any') {
    const inner = /^[^$]*\$([^$]+)\$[^$]*$/.exec(line)?.[1] ?? /^.*\\\((.+?)\\\)[^\\]*$/.exec(line)?.[1];
    return { text: inner ?? line.replaceAll('**', ''), standing: STATED_PLAINLY };
  }
  const bold = boldNumbers(line).at(-1);
  if (bold !== undefined && bold !== line) return boldCore(line, bold);
  const plain = line.replaceAll('**', '');
  if (isOneAnswer(plain)) return { text: plain, standing: STATED_PLAINLY };
  const result = plain.includes('=') && afterEquals(plain).trim() !== '' ? afterEquals(plain) : plain;
  const spans = numberSpans(result);
  const inOrder: readonly NumberSpan[] = result === plain ? spans.reverse() : spans;
  const found = inOrder.length === 0 ? chineseSpans(result).reverse() : inOrder;
  const cores = found.map((span, at): Core => {
    const first = result === plain ? firstOfQuantity(result, found, at) : span;
    const text = `${result.slice(first.index, span.index)}${withUnit(result, span[0], span.index)}`;
    return { text, standing: standingOf(result.slice(0, first.index), result.slice(span.index + span[0].length)) };
  });
  // "6 and not 5": what is denied gives way to what isn't.
  return cores.find(({ standing }) => standing.type !== 'denied') ?? cores[0] ?? null;
}

/** Of numbers from the last to the first, the one that a quantity of two units begins with: 20元5角, 2 hours and 5 minutes. */
function firstOfQuantity(line: string, spans: readonly NumberSpan[], at: number): NumberSpan {
  const [span, before] = [spans[at], spans[at + 1]];
  if (span === undefined || before === undefined) return span ?? { 0: '', index: 0 };
  const between = line.slice(before.index + before[0].length, span.index).replace(/\band\b/, '').trim();
  const [unit, last] = [unitNamed(between), withUnit(line, span[0], span.index)];
  return unit !== null && last !== span[0].trim() && unitNamed(last.slice(span[0].trim().length).trim())?.dimension === unit.dimension ? before : span;
}

interface NumberSpan {
  readonly 0: string;
  readonly index: number;
}

/** No mathematics, or a list of clauses: "it is not 6, it is 5". */
function isSentence(line: string): boolean {
  const { meaning } = readMeaning(line);
  return meaning.type === 'text' || (meaning.type === 'list' && /(?:^|\s)[A-Za-z]{2,}\s+[A-Za-z]{2,}\s/.test(line));
}

/** A whole line that is a number, an interval or an inequality: nothing is to be picked from it. */
function isOneAnswer(line: string): boolean {
  const { meaning } = readMeaning(line);
  // "up to 5" is no product of letters.
  if (meaning.type === 'expression') return variablesOf(meaning.value).size === 0 || !/(?:^|\s)[A-Za-z]{2,}\s/.test(line);
  return meaning.type === 'group' || meaning.type === 'union' || (meaning.type === 'relation' && meaning.signs.every((sign) => sign !== '='));
}

/** What a bold number is, with what stands around it. */
function boldCore(line: string, bold: string): Core | null {
  const core = coreOf(bold, 'number');
  if (core?.standing.type !== 'stated') return core;
  const at = line.lastIndexOf(`**${bold}**`);
  return { text: core.text, standing: standingOf(line.slice(0, at).replaceAll('**', ''), line.slice(at + bold.length + 4).replaceAll('**', '')) };
}

const NUMBER = /(?:[$¥€£]|\\\$)?\s?-?(?:\d+\s?又?\s?\\[dt]?frac\s?\{\d{1,15}\}\s?\{\d{1,15}\}|\d+(?:\s?又\s?| )\d+\s?\/\s?\d+|\\[dt]?frac\s?\{[^{}]{1,40}\}\s?\{[^{}]{1,40}\}|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?(?:\s?\/\s?\d+)?)(?:\s?\\?%|\s?百分点)?/g;

/** What stands behind an equals sign. */
const RESULT = new RegExp(String.raw`=[\s*$\\(]{0,8}(${NUMBER.source})(?![\s*]*[×÷+*/-]\s?[\d$(])`, 'dg');

function boldNumbers(line: string): string[] {
  return [...line.matchAll(/\*\*([^*]{1,200})\*\*/g)].map(([, inner = '']) => inner).filter((inner) => /\d/.test(inner));
}

function numbersOf(text: string): string[] {
  return numberSpans(text).map(([found]) => found.trim());
}

function numberSpans(text: string): RegExpExecArray[] {
  return [...text.matchAll(NUMBER)];
}

/** One character that is a numeral more often than part of a word only where something is counted. */
const COUNTED = /^[二两三四五六七八九十][个只条头匹张本枝支根块元角分米千厘公克斤吨升天周月年岁岁人名位辆艘架台件套双对棵朵颗粒瓶杯盒箱袋包页道题次种倍小时]/;

/** Numerals of Chinese words in a sentence without digits: 一共有二十五个苹果. A lone 一 is rarely a number, 第三 never an amount. */
function chineseSpans(text: string): NumberSpan[] {
  const spans: NumberSpan[] = [];
  for (let at = 0; at < Math.min(text.length, LONGEST_LINE); at++) {
    if (!/[负零〇一二两三四五六七八九十百壹贰叁肆伍陆柒捌玖拾]/.test(text[at] ?? '') || text[at - 1] === '第') continue;
    const span = leadingChinese(text.slice(at, at + 2 * SHORT_ANSWER));
    if (span === null) continue;
    const words = text.slice(at, at + span.length);
    if (words.length > 1 ? !/^[一十百千万亿]+$/.test(words) || words.startsWith('十') || words.startsWith('一百') || words.startsWith('一千') || words.startsWith('一万') : COUNTED.test(text.slice(at)) || at + 1 === text.length) spans.push({ 0: words, index: at });
    at += span.length - 1;
  }
  return spans;
}

/** Characters of a sentence that are looked through for numerals. */
const LONGEST_LINE = 600;

/** The number with the word for its size and the word behind it, where that is a unit: 2 hours are no 2 minutes, $2 million no 2. */
function withUnit(text: string, number: string, index: number): string {
  const found = number + text.slice(index + number.length, index + number.length + (/[/}%点]|分之/.test(number) ? 0 : scaleAfter(text.slice(index + number.length))?.length ?? 0));
  const [after = ''] = /^\s?(?:[A-Za-z]{1,12}(?:\/[a-z]{1,4}|\^\d)?|[\u4e00-\u9fff]{1,4})/.exec(text.slice(index + found.length)) ?? [];
  for (let length = after.length; length > 0; length--) {
    const unit = after.slice(0, length);
    // An English word is taken whole, or not.
    if (/[A-Za-z]$/.test(unit) && length < after.length) break;
    // $2 in total is not measured in inches.
    if (unit.trim() === 'in' && /^\s[a-z]/i.test(text.slice(index + found.length + unit.length))) break;
    if (unitNamed(unit.trim()) !== null) return `${found.trim()}${unit}`;
  }
  return found.trim();
}

const CHOICE: readonly RegExp[] = [
  /(?:final answer|correct (?:answer|option|choice)|the answer|answer)\s*(?:\*\*)?\s*(?:is|should be|would be|[:：=])\s*(?:\*\*)?\s*:?\s*(?:option|choice)?\s*[*([（【"“]*\s*([A-J])(?![A-Za-z])/giu,
  /(?:答案|正确选项|正确的是|应该?选择?|故选|选择?|选项)\s*(?:\*\*)?\s*(?:应该是|应为|就是|是|为|[:：=])?\s*(?:\*\*)?\s*(?:选项?)?\s*[*(（【"“]*\s*([A-J])(?![A-Za-z])/giu,
  /(?:option|choice)\s*[*([（"“]*([A-J])(?![A-Za-z])/giu,
  /[*]{2}\s*[([（]?\s*([A-J])(?![A-Za-z])/gu,
  /[([（]\s*([A-J])\s*[)\]）]/gu,
  /(?:^|\n)\s*([A-J])\s*(?:[.:：、)）]|$)/gu,
];

function choiceIn(body: string, options: readonly string[]): Extraction | null {
  if (optionLetters(body) !== null) return { text: body, by: 'whole' };
  const plain = body.replaceAll(/\\(?:text|textbf|mathrm|mathbf|mbox)\s*\{([^{}]{0,40})\}/g, '$1').replaceAll('$', '');
  for (const pattern of CHOICE) {
    const letter = [...plain.matchAll(pattern)].at(-1)?.[1];
    if (letter !== undefined) return { text: letter.toUpperCase(), by: 'choice' };
  }
  return options.length > 0 && body.length < 1000 ? { text: body.trim(), by: 'whole' } : null;
}

function truthIn(body: string): Extraction | null {
  for (const mark of STATED) {
    const found = [...body.matchAll(mark)].at(-1);
    if (found === undefined) continue;
    const statement = statementAt(body, found.index + found[0].length);
    const word = leadingTruth(statement);
    if (word !== null) return { text: word, by: 'stated' };
  }
  const word = leadingTruth(body);
  return word === null ? null : { text: word, by: 'whole' };
}

function leadingTruth(text: string): string | null {
  const plain = text.replace(/^[\s*_"“(（]+/, '');
  for (const word of [/^[A-Za-z]+/.exec(plain)?.[0], ...(/^[\u4e00-\u9fff]/.test(plain) ? [4, 3, 2, 1].map((length) => plain.slice(0, length)) : [])]) {
    if (word !== undefined && word !== '' && truthOf(word) !== null) return word;
  }
  return null;
}
