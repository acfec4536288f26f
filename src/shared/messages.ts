/**
 * The one table of sentences for everything that can go wrong or deserves a warning. The engine and the runs room speak
 * codes with data; the panel, the notifications and the command line all make their sentence here, so it is the same one.
 * `{name}` is filled from the data. Chinese stands beside English: one row, two languages, nothing to forget.
 * (Other texts of the extension go through vscode.l10n and l10n/bundle.l10n.zh-cn.json.)
 */
import type { MessageData } from './events.ts';

interface Sentence {
  readonly en: string;
  readonly 'zh-cn': string;
}

export const ERRORS = {
  unexpected: {
    en: 'The engine met an error that it does not know: {detail}. The whole text is in engine.log.',
    'zh-cn': '引擎遇到未知错误：{detail}。完整内容见 engine.log。',
  },
  'disk-full': {
    en: 'There is no room left on the disk for {path}. Free some space, then resume the run.',
    'zh-cn': '磁盘空间不足，无法写入 {path}。请清理空间后恢复运行。',
  },
  'read-only': {
    en: '{path} is on a read-only file system. Move the project to a folder that can be written to.',
    'zh-cn': '{path} 位于只读文件系统。请把项目移到可写的文件夹。',
  },
  'no-permission': {
    en: 'There is no permission to write or read {path}. Change its owner or mode, or move the project.',
    'zh-cn': '没有读写 {path} 的权限。请更改其所有者或权限，或移动项目。',
  },
  'too-many-files': {
    en: 'Too many files are open to open {path}. Close other programs or raise the limit of open files (ulimit -n).',
    'zh-cn': '打开的文件过多，无法打开 {path}。请关闭其他程序，或提高打开文件数上限（ulimit -n）。',
  },
  'run-busy': {
    en: 'The run {run} already has an engine: process {pid} on {host}. Stop it first.',
    'zh-cn': '运行 {run} 已有引擎：{host} 上的进程 {pid}。请先停止它。',
  },
  'run-not-found': {
    en: 'There is no run in {path}: run.json is missing.',
    'zh-cn': '{path} 中没有运行：缺少 run.json。',
  },
  'run-unreadable': {
    en: '{path} is not the run.json of this version: {detail}',
    'zh-cn': '{path} 不是此版本的 run.json：{detail}',
  },
  'run-not-on-this-host': {
    en: 'The run {run} belongs to a process on {host}: it can only be stopped there.',
    'zh-cn': '运行 {run} 属于 {host} 上的进程，只能在那里停止。',
  },
  'engine-not-started': {
    en: 'The engine ended before it began: {detail}. The whole text is in {log}.',
    'zh-cn': '引擎未能启动：{detail}。完整内容见 {log}。',
  },
  'engine-silent': {
    en: 'The engine said nothing for {seconds} seconds after its start and was ended. What it printed is in {log}.',
    'zh-cn': '引擎启动后 {seconds} 秒没有任何消息，已被结束。其输出见 {log}。',
  },
  'node-not-found': {
    en: 'No Node.js was found to run the engine with at {path}. Install Node.js 20.19 or newer, or correct the path.',
    'zh-cn': '在 {path} 未找到用于运行引擎的 Node.js。请安装 Node.js 20.19 或更新版本，或更正路径。',
  },
  'stop-failed': {
    en: 'Process {pid} of the run {run} could not be ended: {detail}',
    'zh-cn': '无法结束运行 {run} 的进程 {pid}：{detail}',
  },
  'run-active': {
    en: 'The run {run} is still active. Stop it first.',
    'zh-cn': '运行 {run} 仍在进行。请先停止它。',
  },
  'lock-unusable': {
    en: 'The lock file {path} could not be made: {detail}',
    'zh-cn': '无法创建锁文件 {path}：{detail}',
  },
} as const satisfies Record<string, Sentence>;

export const WARNINGS = {
  'backend-passed-over': {
    en: 'The backend {backend} was passed over: {detail}',
    'zh-cn': '已跳过后端 {backend}：{detail}',
  },
} as const satisfies Record<string, Sentence>;

export type ErrorCode = keyof typeof ERRORS;
export type WarningCode = keyof typeof WARNINGS;
export type Language = keyof Sentence;

/** The sentence of a code in a language, its `{name}`s filled; an unknown code (of a newer engine) is shown as it is. */
export function sentence(code: ErrorCode | WarningCode, data: MessageData, language: Language): string {
  const row: Sentence | undefined = (ERRORS as Record<string, Sentence>)[code] ?? (WARNINGS as Record<string, Sentence>)[code];
  const template = row?.[language] ?? `${code} ${JSON.stringify(data)}`;
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(data[name] ?? whole));
}

/** An error with a code: thrown anywhere, shown through `sentence`. */
export class DistillError extends Error {
  constructor(readonly code: ErrorCode, readonly data: MessageData, options?: ErrorOptions) {
    super(sentence(code, data, 'en'), options);
    this.name = 'DistillError';
  }
}
