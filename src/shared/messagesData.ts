/** Sentences about data: reading, writing, cleaning, verifying, augmenting, mixing, reviewing. See messages.ts. */
import type { Sentence } from './messages.ts';

export const DATA_ERRORS = {
  'data-file-missing': {
    en: 'The data file {file} is not there. Correct data in the recipe.',
    'zh-cn': '数据文件 {file} 不存在。请修正配方中的 data。',
  },
  'data-file-is-folder': {
    en: '{file} is a folder; data are JSONL files. Name the file inside it.',
    'zh-cn': '{file} 是文件夹，而数据须为 JSONL 文件。请写出其中的文件。',
  },
  'data-file-empty': {
    en: 'The data file {file} has no rows.',
    'zh-cn': '数据文件 {file} 没有数据行。',
  },
  'data-row-not-json': {
    en: '{file}, line {line}: not JSON ({detail}). Each line must be one JSON object.',
    'zh-cn': '{file} 第 {line} 行：不是合法 JSON（{detail}）。每行须为一个 JSON 对象。',
  },
  'data-row-not-object': {
    en: '{file}, line {line}: not a JSON object. Each line must be one, like a row of JSONL.',
    'zh-cn': '{file} 第 {line} 行：不是 JSON 对象。每行须为一个对象（JSONL）。',
  },
  'data-row-field-missing': {
    en: '{file}, line {line}: the field "{field}" is missing (have: {have}). Say in data.fields which field holds it.',
    'zh-cn': '{file} 第 {line} 行：缺少字段 "{field}"（现有：{have}）。请在 data.fields 中指明所用字段。',
  },
  'data-row-not-text': {
    en: '{file}, line {line}: the field "{field}" is neither text nor a number.',
    'zh-cn': '{file} 第 {line} 行：字段 "{field}" 既不是文本也不是数字。',
  },
  'data-row-mark-missing': {
    en: '{file}, line {line}: the field "{field}" has no "{mark}" to cut at.',
    'zh-cn': '{file} 第 {line} 行：字段 "{field}" 中没有用于截取的 "{mark}"。',
  },
  'data-row-empty': {
    en: '{file}, line {line}: the field "{field}" is empty.',
    'zh-cn': '{file} 第 {line} 行：字段 "{field}" 为空。',
  },
  'data-row-messages': {
    en: '{file}, line {line}: the messages must end with one of the assistant, after at least one of the user.',
    'zh-cn': '{file} 第 {line} 行：messages 须以 assistant 消息结尾，且之前至少有一条 user 消息。',
  },
  'data-row-too-long': {
    en: '{file}, line {line}: {tokens} tokens, and data.maxLength is {limit}. Raise it, or set data.tooLong to "cut" or "drop".',
    'zh-cn': '{file} 第 {line} 行：{tokens} 个词元，超过 data.maxLength {limit}。请调大，或将 data.tooLong 设为 "cut" 或 "drop"。',
  },
  'data-nothing-left': {
    en: 'No row is left to train on: {dropped} of {rows} were dropped as longer than {limit} tokens. Raise data.maxLength, or add rows.',
    'zh-cn': '没有可训练的数据：{rows} 行中有 {dropped} 行因超过 {limit} 个词元被丢弃。请调大 data.maxLength 或增加数据。',
  },
  'review-line-broken': {
    en: '{file}, line {line}: not a decision on a row ({"format":1,"id":…,"decision":"accept"|"reject"|"quarantine"|"edit"}). Correct or remove the line.',
    'zh-cn': '{file} 第 {line} 行：不是审阅决定（{"format":1,"id":…,"decision":"accept"|"reject"|"quarantine"|"edit"}）。请修正或删除该行。',
  },
  'review-merge': {
    en: '{file}, line {line}: both sides of a merge are still in it. Choose between them, then it is read again.',
    'zh-cn': '{file} 第 {line} 行：仍含有未解决的合并冲突。请解决后会自动重新读取。',
  },
  'review-line-too-long': {
    en: '{file}, line {line}: longer than {limit} MB, which is no row that a person could read.',
    'zh-cn': '{file} 第 {line} 行：超过 {limit} MB，无法作为一行数据阅读。',
  },
  'data-changed': {
    en: '{file} has changed since it was read: it is read again.',
    'zh-cn': '{file} 自读取后已发生变化，正在重新读取。',
  },
  'review-convert-first': {
    en: '{file} is {format}: only JSONL can be leafed through row by row. Convert it first: distill data convert.',
    'zh-cn': '{file} 的格式为 {format}：只有 JSONL 可以逐行翻阅。请先转换：distill data convert。',
  },
} as const satisfies Record<string, Sentence>;

export const DATA_WARNINGS = {
  'data-rows-cut': {
    en: '{cut} of {rows} rows ({share}) are longer than {limit} tokens and were cut at a step of their reasoning: they have no end token and mostly no answer.',
    'zh-cn': '{rows} 行中有 {cut} 行（{share}）超过 {limit} 个词元，已在推理步骤边界截断：没有结束词元，大多也没有答案。',
  },
  'data-rows-dropped': {
    en: '{dropped} of {rows} rows ({share}) were dropped: longer than {limit} tokens, with nothing to cut at.',
    'zh-cn': '{rows} 行中有 {dropped} 行（{share}）被丢弃：超过 {limit} 个词元且无法截断。',
  },
  'data-rows-held-out': {
    en: '{heldOut} training rows were left out: their prompts are held out for validation or test.',
    'zh-cn': '{heldOut} 行训练数据被排除：其问题已留作验证或测试。',
  },
} as const satisfies Record<string, Sentence>;
