/** One row of any format as the parts of a record: which field holds what, conversations, options, unit tests. */
import { FIELD_NAMES, isJsonObject, isWritten, namedField, type JsonObject } from '../../../shared/fieldNames.ts';
import { DistillError } from '../../../shared/messages.ts';
import type { MessageData } from '../../../shared/events.ts';
import type { DataRecipe } from '../../../shared/recipe.ts';
import type { DataFormat } from '../../../shared/recipeCollect.ts';
import type { FieldSource } from '../../../shared/recipeParts.ts';
import { NO_PROVENANCE, type CodeTests, type DataRecord, type Provenance, type RecordMessage } from '../../../shared/record.ts';
import { soundProvenance } from '../../../shared/soundProvenance.ts';
import { splitThink as splitWritten } from '../../../shared/trace.ts';
import { recordId } from '../recordId.ts';
import { conversation, templatedTurns } from './conversation.ts';
import { questionOptions } from './options.ts';

export type Fields = DataRecipe['fields'];

/** How the fields of a row are laid out. */
export type Shape = 'distill' | 'conversation' | 'alpaca' | 'fields';

/** Where a row stands, for its errors: `line` is 1-based; of a format without lines it is the row, and `unit` says so. */
export interface Place extends MessageData {
  readonly file: string;
  readonly line: number;
}

export interface ShapeOptions {
  readonly fields: Fields;
  readonly format: DataFormat;
  /** Training learns answers: a row without one is broken. A question alone is enough to ask a teacher. */
  readonly answered: boolean;
  readonly task?: string | undefined;
  readonly language?: string | undefined;
}

type Content = Pick<DataRecord, 'prompt' | 'messages' | 'think' | 'answer' | 'gold' | 'options' | 'tests'>;

/** GSM8K's way of ending a worked solution. */
const GSM8K_END = /\n#### *(\S[^\n]*)\s*$/;

/** Throws DistillError `data-row-…`, naming file, place and what is wrong. */
export function recordOf(value: unknown, at: Place, options: ShapeOptions, source: Provenance['source']): DataRecord {
  if (!isJsonObject(value)) throw new DistillError('data-row-not-object', at);
  const shape = shapeOf(value, options);
  if (shape === 'distill') return ownRecord(value, at, options);
  const content = shape === 'conversation' ? fromConversation(value, at, options) : fromFields(value, at, options);
  const extra = labels(value, content, options);
  return { format: 1, id: recordId(content), ...content, ...extra, provenance: { ...NO_PROVENANCE, source } };
}

export function shapeOf(row: JsonObject, { fields, format }: Pick<ShapeOptions, 'fields' | 'format'>): Shape {
  switch (format) {
    case 'distill': return 'distill';
    case 'sharegpt': case 'messages': return 'conversation';
    case 'alpaca': return 'alpaca';
    case 'think': return 'fields';
    case 'auto': case 'jsonl': case 'json': case 'csv': case 'parquet': case 'huggingface': break;
  }
  if (row['format'] === 1 && (isJsonObject(row['provenance']) || (typeof row['provenance'] === 'string' && typeof row['id'] === 'string'))) return 'distill';
  // A prompt of its own goes before a conversation beside it, unless only the conversation has been answered.
  const prompt = textField(fields.prompt, 'prompt', row);
  if (conversationField(row, fields) !== null && (prompt === null || !hasAnswer(row, fields, prompt))) return 'conversation';
  return prompt === 'instruction' ? 'alpaca' : 'fields';
}

function hasAnswer(row: JsonObject, { answer }: Fields, prompt: string): boolean {
  const names = isUsual(answer, 'answer') ? [...FIELD_NAMES.answer, ...FIELD_NAMES.solution].filter((name) => name !== prompt) : [fieldName(answer)];
  return namedField(row, names, isWritten) !== null;
}

/** A row in our own format: its life goes on, so all that it says of itself is kept. */
function ownRecord(row: JsonObject, at: Place, { answered, task, language }: ShapeOptions): DataRecord {
  if (typeof row['format'] === 'number' && row['format'] > 1) throw new DistillError('data-row-newer', { ...at, format: row['format'] });
  for (const field of ['prompt', 'think', 'answer']) {
    if (row[field] === undefined) throw missing(field, row, at);
    if (typeof row[field] !== 'string') throw new DistillError('data-row-not-text', { ...at, field });
  }
  if (row['gold'] !== null && row['gold'] !== undefined && typeof row['gold'] !== 'string') throw new DistillError('data-row-not-text', { ...at, field: 'gold' });
  // Parquet has a null where JSON has nothing.
  const told = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined).map(([key, value]) => [key, JSON_COLUMNS.has(key) ? fromJson(value, at, key) : value]));
  const record = { ...told, format: 1, gold: row['gold'] ?? null } as unknown as DataRecord;
  if (record.prompt.trim() === '') throw new DistillError('data-row-empty', { ...at, field: 'prompt' });
  if (answered && record.think.trim() === '' && record.answer.trim() === '') throw new DistillError('data-row-empty', { ...at, field: 'answer' });
  // In our own format only: elsewhere a weight may be anything, in kilograms too.
  const { weight } = told;
  if (weight !== undefined && !(typeof weight === 'number' && Number.isFinite(weight) && weight > 0)) throw new DistillError('data-row-weight', { ...at, got: JSON.stringify(weight) });
  const id = typeof row['id'] === 'string' && row['id'] !== '' ? row['id'] : recordId(record);
  return {
    ...(task === undefined ? {} : { task }), ...(language === undefined ? {} : { language }),
    ...record, id, provenance: soundProvenance(told['provenance']),
  };
}

/** What our Parquet files hold as JSON text. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['provenance', 'logprobs']);

function fromJson(value: unknown, at: Place, field: string): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch (error) {
    throw new DistillError('data-row-not-json', { ...at, detail: `${field}: ${error instanceof Error ? error.message : String(error)}` }, { cause: error });
  }
}

function fromFields(row: JsonObject, at: Place, options: ShapeOptions): Content {
  const { fields, answered } = options;
  const promptName = textField(fields.prompt, 'prompt', row);
  const question = promptName === null ? null : textOf(row, sourceNamed(fields.prompt, promptName), at);
  if (question === null) throw missing(fieldName(fields.prompt), row, at);
  if (question.trim() === '') throw new DistillError('data-row-empty', { ...at, field: promptName ?? 'prompt' });
  const tests = codeTests(row, question);
  const choice = questionOptions(row);
  const asked = promptText(row, question, promptName, choice?.options ?? null);
  const system = typeof row['system'] === 'string' && row['system'].trim() !== '' ? row['system'] : null;
  const earlier = pairs(row['history']);
  const history = [...(system === null ? [] : [{ role: 'system', content: system }]), ...earlier, { role: 'user', content: asked }];
  const messages: Pick<Content, 'messages'> = history.length === 1 ? {} : { messages: history };
  const whole = history.filter(({ role }) => role === 'user').map(({ content }) => content).join('\n\n');
  const parts = { prompt: whole, ...messages, ...(choice === null ? {} : { options: choice.options }), ...(tests === null ? {} : { tests }) };
  // The indentation of code is part of it.
  const body = tests === null ? null : namedField(row, isJsonObject(row['tests']) ? ['answer'] : CODE_NAMES, isWritten);
  const code = body === null || holdsThink(String(row[body])) ? null : String(row[body]);
  const completion: Completion = code === null ? answerOf(row, at, options, promptName, choice?.field ?? null)
    : { think: thinkText(row, fields.think, at)?.trim() ?? '', answer: code, gold: null, found: true, name: body };
  const gold = choice?.gold ?? textOf(row, goldSource(fields.gold, row), at) ?? completion.gold;
  const answer = completion.answer === '' && choice?.field === 'answer' && choice.gold !== null ? choice.gold : completion.answer;
  if (answered && !completion.found && answer === '') throw missing(fieldName(fields.answer), row, at);
  if (answered && completion.think === '' && answer === '') throw new DistillError('data-row-empty', { ...at, field: completion.name ?? fieldName(fields.answer) });
  return { ...parts, think: completion.think, answer, gold };
}

/** LLaMA-Factory's earlier turns of an Alpaca row: [[question, answer], …]. */
function pairs(value: unknown): readonly RecordMessage[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((pair: unknown) => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string'
    ? [{ role: 'user', content: pair[0] }, { role: 'assistant', content: splitThink(pair[1]).answer }] : []);
}

interface Completion {
  readonly think: string;
  readonly answer: string;
  readonly gold: string | null;
  readonly found: boolean;
  readonly name: string | null;
}

function answerOf(row: JsonObject, at: Place, { fields }: ShapeOptions, promptName: string | null, choiceField: string | null): Completion {
  const thought = thinkText(row, fields.think, at);
  const name = isUsual(fields.answer, 'answer')
    ? namedField(row, FIELD_NAMES.answer.filter((each) => each !== promptName && each !== choiceField), (value) => value !== null && value !== undefined && value !== '')
    : textField(fields.answer, 'answer', row);
  const written = name === null ? null : textOf(row, sourceNamed(fields.answer, name), at);
  const solution = isUsual(fields.answer, 'answer') ? namedField(row, FIELD_NAMES.solution, isWritten) : null;
  // A worked solution beside a short answer (MATH): the solution is what is to be learnt, the answer is its reference.
  if (solution !== null && thought === null && !holdsThink(written ?? '')) {
    const worked = String(row[solution]).trim();
    return { ...splitThink(worked), gold: written === null ? lastBoxed(worked) : written.trim(), found: true, name: solution };
  }
  if (written === null) return { think: thought?.trim() ?? '', answer: '', gold: null, found: Object.hasOwn(row, fieldName(fields.answer)) && name !== null, name };
  if (thought !== null && (thought.trim() !== '' || !holdsThink(written))) return { think: thought.trim(), answer: withoutThink(written).trim(), gold: null, found: true, name };
  const marked = isUsual(fields.answer, 'answer') && isUsual(fields.think, 'think') && !holdsThink(written) ? GSM8K_END.exec(written) : null;
  if (marked !== null) return { think: written.slice(0, marked.index).trim(), answer: (marked[1] ?? '').trim(), gold: (marked[1] ?? '').trim(), found: true, name };
  return { ...splitThink(written), gold: null, found: true, name };
}

/** Reference solutions of HumanEval and MBPP. */
const CODE_NAMES = ['answer', 'canonical_solution', 'code'] as const;

/** The reasoning where a row keeps it apart; null where it has no such field, or nothing in it. */
function thinkText(row: JsonObject, source: FieldSource, at: Place): string | null {
  const name = isUsual(source, 'think') ? namedField(row, FIELD_NAMES.think, isWritten) ?? (row['think'] === '' ? 'think' : null) : fieldName(source);
  return name === null ? null : textOf(row, sourceNamed(source, name), at);
}

function goldSource(source: FieldSource, row: JsonObject): FieldSource {
  return isUsual(source, 'gold') ? namedField(row, FIELD_NAMES.gold, isWritten) ?? source : source;
}

/** The question with what it is about before it and, where the text doesn't hold them, the options after it. */
function promptText(row: JsonObject, question: string, promptName: string | null, options: readonly string[] | null): string {
  const context = namedField(row, FIELD_NAMES.context, (value) => typeof value === 'string' && value.trim() !== '');
  const input = promptName === 'instruction' && typeof row['input'] === 'string' && row['input'].trim() !== '' ? row['input'] : null;
  const asked = [...(context === null || context === promptName ? [] : [String(row[context])]), question, ...(input === null ? [] : [input])].join('\n\n');
  if (options === null || options.every((option) => asked.includes(option))) return asked;
  return `${asked}\n\n${options.map((option, index) => `${String.fromCharCode(65 + index)}. ${option}`).join('\n')}`;
}

function fromConversation(row: JsonObject, at: Place, { fields, answered, format }: ShapeOptions): Content {
  const name = conversationField(row, fields);
  if (name === null) throw missing(format === 'sharegpt' ? 'conversations' : fields.messages, row, at);
  const turns = conversation(typeof row[name] === 'string' ? templatedTurns(row[name]) : row[name], row['system']);
  if (turns === null || (answered && turns.completion === null)) throw new DistillError('data-row-messages', at);
  // Reasoning of earlier turns is not sent back to a reasoning model.
  const history: readonly RecordMessage[] = turns.history.map(({ role, content }) => ({ role, content: role === 'assistant' ? splitThink(content).answer : content }));
  const asked = history.filter(({ role }) => role === 'user').map(({ content }) => content);
  if (asked.length === 0) throw new DistillError('data-row-messages', at);
  const { completion } = turns;
  const said = completion === null ? { think: '', answer: '' }
    : completion.reasoning === null ? splitThink(completion.content) : { think: completion.reasoning.trim(), answer: withoutThink(completion.content).trim() };
  if (answered && said.think === '' && said.answer === '') throw new DistillError('data-row-empty', { ...at, field: 'content' });
  const plain = history.length === 1;
  return { prompt: asked.join('\n\n'), ...(plain ? {} : { messages: history }), ...said, gold: textOf(row, goldSource(fields.gold, row), at) };
}

function conversationField(row: JsonObject, fields: Fields): string | null {
  const fits = (value: unknown): boolean => value !== undefined && value !== null;
  if (fields.messages !== 'messages') return fits(row[fields.messages]) ? fields.messages : null;
  return namedField(row, FIELD_NAMES.conversation, fits) ?? namedField(row, FIELD_NAMES.templated, (value) => typeof value === 'string' && templatedTurns(value) !== null);
}

/** Our own `tests`, HumanEval (prompt, test, entry_point) and MBPP (test_list): unit tests that go after the answer. */
function codeTests(row: JsonObject, prompt: string): CodeTests | null {
  const { test, entry_point: entry, test_list: list, test_setup_code: setup, tests } = row;
  if (isJsonObject(tests) && (tests['language'] === 'python' || tests['language'] === 'javascript') && typeof tests['code'] === 'string') {
    const { language, code, prelude, entry: name } = tests;
    return { language, prelude: typeof prelude === 'string' ? prelude : '', code, entry: typeof name === 'string' ? name : null };
  }
  if (typeof test === 'string' && typeof entry === 'string') {
    return { language: 'python', prelude: prompt, code: `${test.trimEnd()}\n\ncheck(${entry})\n`, entry };
  }
  if (Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === 'string')) {
    return { language: 'python', prelude: typeof setup === 'string' ? setup : '', code: `${list.join('\n')}\n`, entry: null };
  }
  return null;
}

/** What a row says of itself besides its texts. */
function labels(row: JsonObject, content: Content, options: ShapeOptions): Pick<DataRecord, 'task' | 'language' | 'difficulty'> {
  const told = [row['task'], row['domain']].find((value) => typeof value === 'string' && value !== '') as string | undefined;
  const task = told ?? options.task ?? (content.tests === undefined ? undefined : 'code');
  const written = typeof row['language'] === 'string' && /^[a-z]{2}(-\w+)?$/i.test(row['language']) ? row['language'].slice(0, 2).toLowerCase() : undefined;
  const language = written ?? options.language ?? languageOf(content.prompt);
  const level = /^(?:level\s*)?([1-5])$/i.exec(String(row['difficulty'] ?? row['level'] ?? ''))?.[1];
  return { ...(task === undefined ? {} : { task }), ...(language === undefined ? {} : { language }), ...(level === undefined ? {} : { difficulty: Number(level) }) };
}

/** Share of Han characters among the letters from which a prompt is Chinese: maths in Chinese holds many Latin letters. */
const CHINESE_SHARE = 0.2;
/** Share of letters of a third script from which a prompt is neither Chinese nor English. */
const OTHER_SHARE = 0.1;
/** Characters looked at: a language is clear long before. */
const LANGUAGE_CHARACTERS = 2000;

/** Chinese or English, by the letters alone; undefined where neither script is there, or a third one is. */
export function languageOf(text: string): string | undefined {
  let [han, latin, other] = [0, 0, 0];
  for (let at = 0; at < text.length && at < LANGUAGE_CHARACTERS; at++) {
    const code = text.charCodeAt(at);
    if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0xc0 && code <= 0x24f)) latin += 1;
    else if ((code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)) han += 1;
    // Greek is the alphabet of formulas; Cyrillic to Thai, kana and hangul are those of other languages.
    else if ((code >= 0x400 && code <= 0xe7f) || (code >= 0x3040 && code <= 0x30ff) || (code >= 0x1100 && code <= 0x11ff) || (code >= 0xac00 && code <= 0xd7a3)) other += 1;
  }
  if (other > OTHER_SHARE * (han + latin + other)) return undefined;
  if (han > CHINESE_SHARE * (han + latin)) return 'zh';
  return latin > 0 ? 'en' : undefined;
}

/** A source that the recipe leaves as it is by default: then the usual names are looked for. */
function isUsual(source: FieldSource, standard: 'prompt' | 'think' | 'answer' | 'gold'): boolean {
  return source === standard;
}

/** The field that holds a text: the one the recipe names, or the first of the usual names; null where there is none. */
function textField(source: FieldSource, standard: 'prompt' | 'answer', row: JsonObject): string | null {
  const name = fieldName(source);
  const has = (value: unknown): boolean => value !== undefined && value !== null;
  if (!isUsual(source, standard)) return has(row[name]) ? name : null;
  return namedField(row, FIELD_NAMES[standard], has);
}

function sourceNamed(source: FieldSource, name: string): FieldSource {
  return typeof source === 'string' ? name : source;
}

function fieldName(source: FieldSource): string {
  return typeof source === 'string' ? source : source.field;
}

/** The text that a field source names; null where the row has no such field. Numbers are answers too. */
function textOf(row: JsonObject, source: FieldSource, at: Place): string | null {
  const name = fieldName(source);
  const value = Object.hasOwn(row, name) ? row[name] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' && typeof value !== 'number') throw new DistillError('data-row-not-text', { ...at, field: name });
  const text = String(value);
  if (typeof source === 'string') return text;
  const mark = source.before ?? source.after;
  if (mark === undefined) return text;
  const place = text.lastIndexOf(mark);
  if (place < 0) throw new DistillError('data-row-mark-missing', { ...at, field: name, mark });
  return (source.before === undefined ? text.slice(place + mark.length) : text.slice(0, place)).trim();
}

function missing(field: string, row: JsonObject, at: Place): DistillError {
  return new DistillError('data-row-field-missing', { ...at, field, have: Object.keys(row).join(', ') });
}

function splitThink(text: string): { readonly think: string; readonly answer: string } {
  const { think, answer } = splitWritten(withUsualTags(text));
  return { think: think.trim(), answer: bareAnswer(answer) };
}

/** R1-Zero also puts its answer into tags. */
function bareAnswer(text: string): string {
  return (/^\s*<answer>([\s\S]*)<\/answer>\s*$/i.exec(text)?.[1] ?? text).trim();
}

/** The tags of OpenThoughts and Sky-T1, as everybody else writes them. */
function withUsualTags(text: string): string {
  return text.includes('<|begin_of_thought|>')
    ? text.replace('<|begin_of_thought|>', '<think>').replace('<|end_of_thought|>', '</think>').replaceAll(/<\|(?:begin|end)_of_solution\|>/g, '') : text;
}

const THINK_TAG = /<\/?(?:think|thinking|reasoning)>|<\|begin_of_thought\|>/i;

function holdsThink(text: string): boolean {
  return THINK_TAG.test(text);
}

/** The answer of a text beside which the reasoning stands once more: services that split it off leave its tags at times. */
function withoutThink(text: string): string {
  return holdsThink(text) ? splitThink(text).answer : text;
}

/** The content of the last \boxed{…}, its braces balanced. */
function lastBoxed(text: string): string | null {
  const mark = '\\boxed{';
  const start = text.lastIndexOf(mark);
  if (start < 0) return null;
  let depth = 1;
  for (let at = start + mark.length; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}' && --depth === 0) return text.slice(start + mark.length, at).trim();
  }
  return null;
}
