/** The life of a row of data as lines of a label and a value: the hover in the editor and `distill data show` say the same. */
import type { RowFate } from './consumed.ts';
import type { Language } from './messages.ts';
import type { DataRecord, Transformation } from './record.ts';
import type { ReviewLine } from './review.ts';
import { verdictSentence } from './verdicts.ts';

const TEXT = {
  id: ['Row', '数据行'],
  labels: ['Kind', '类别'],
  difficulty: ['difficulty {0}', '难度 {0}'],
  weight: ['weight {0} in training', '训练权重 {0}'],
  source: ['Source', '来源'],
  sourceRow: ['{0}, row {1} ({2})', '{0} 第 {1} 行（{2}）'],
  synthesised: ['made here, from no file', '在此合成，无来源文件'],
  teacher: ['Teacher', '教师'],
  teacherOf: ['{0}: {1} ({2})', '{0}：{1}（{2}）'],
  noTeacher: ['nobody was asked', '未询问教师'],
  promptHash: ['Prompt sent', '所发提示'],
  sampling: ['Sampling', '采样'],
  samplingOf: ['temperature {0}, top-p {1}, at most {2} tokens, sample {3}', '温度 {0}，top-p {1}，最多 {2} 词元，第 {3} 个样本'],
  tokens: ['Tokens', '词元'],
  tokensOf: ['{0} in ({1} cached), {2} out ({3} reasoning)', '输入 {0}（缓存 {1}），输出 {2}（推理 {3}）'],
  cost: ['Cost', '费用'],
  finish: ['Ended', '结束方式'],
  end: ['by itself', '自行结束'],
  length: ['cut by the token limit', '因词元上限截断'],
  filter: ['by the service’s filter', '被服务方过滤'],
  verdict: ['Verdict', '判定'],
  right: ['✓ right', '✓ 正确'],
  wrong: ['✗ wrong', '✗ 错误'],
  unknown: ['? undecided', '? 未定'],
  verdictBy: ['{0}: {1} (by {2})', '{0}：{1}（{2}）'],
  answer: ['answer', '答案比较'],
  choice: ['choice', '选项'],
  code: ['tests', '测试'],
  judge: ['judge', '评判教师'],
  person: ['a person', '人工'],
  found: ['found “{0}”, expected “{1}”', '得到“{0}”，应为“{1}”'],
  findings: ['Findings', '问题'],
  changes: ['Changes', '变更'],
  none: ['none', '无'],
  review: ['Review', '审阅'],
  accept: ['accepted', '接受'],
  reject: ['rejected: not trained on', '拒绝：不用于训练'],
  quarantine: ['in quarantine: not trained on', '隔离：不用于训练'],
  edit: ['edited: {0}', '已编辑：{0}'],
  undecided: ['no decision', '未作决定'],
  runs: ['Runs', '运行'],
  noRuns: ['taken by no run of this project', '尚无本项目的运行使用'],
  train: ['trained on', '训练'],
  validation: ['validated on', '验证'],
  test: ['held out for test', '测试留出'],
  cut: ['cut at the length limit', '因长度上限截断'],
  evaluated: ['asked in the evaluation', '用于评估提问'],
  dropped: ['dropped as too long', '因过长丢弃'],
  heldOut: ['left out: its prompt is held out', '排除：其问题已留出'],
  rejected: ['left out by the review', '审阅排除'],
  quarantined: ['left out by the review (quarantine)', '审阅隔离排除'],
  textPrompt: ['Question', '问题'],
  textThink: ['Reasoning', '推理'],
  textAnswer: ['Answer', '答案'],
  textGold: ['Reference', '标准答案'],
  noText: ['none', '无'],
  moreLines: ['… {0} more lines', '… 还有 {0} 行'],
  oneMoreLine: ['… 1 more line', '… 还有 1 行'],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

/** What a run did with a row. */
export interface RowUse {
  /** The run folder's name. */
  readonly run: string;
  readonly fates: readonly RowFate[];
}

export interface LifeFacts {
  readonly review: ReviewLine | null;
  readonly uses: readonly RowUse[];
}

export interface LifeLine {
  readonly label: string;
  readonly value: string;
}

/** What is known of a row besides its texts, in the order in which it happened. */
export function recordLife(record: DataRecord, { review, uses }: LifeFacts, language: Language): readonly LifeLine[] {
  const say = sayIn(language);
  const { provenance: { source, teacher, promptHash, sampling, tokens, cost, finish, verdict, transformations } } = record;
  const lines: LifeLine[] = [];
  const line = (label: keyof typeof TEXT, value: string | null): void => { if (value !== null && value !== '') lines.push({ label: say(label), value }); };
  line('id', record.id);
  line('labels', [record.task, record.language, record.difficulty === undefined ? undefined : say('difficulty', record.difficulty), record.weight === undefined ? undefined : say('weight', record.weight)].filter((each) => each !== undefined).join(', '));
  line('source', source === null ? say('synthesised') : say('sourceRow', source.file, source.row, source.format));
  line('teacher', teacher === null ? say('noTeacher') : say('teacherOf', teacher.name, teacher.model, teacher.service));
  line('promptHash', promptHash === null ? null : `sha256 ${promptHash}`);
  line('sampling', sampling === null ? null : say('samplingOf', sampling.temperature, sampling.topP, sampling.maxTokens, sampling.sample + 1));
  line('tokens', tokens === null ? null : say('tokensOf', tokens.input, tokens.cachedInput, tokens.output, tokens.reasoning));
  line('cost', cost === null ? null : `${amountText(cost.amount)} ${cost.currency}`);
  line('finish', finish === null ? null : say(finish));
  if (verdict !== null) {
    line('verdict', say('verdictBy', say(verdict.verdict), verdictSentence(verdict.reason, language), say(verdict.by)));
    if (verdict.found !== null || verdict.expected !== null) lines.push({ label: '', value: say('found', verdict.found ?? '–', verdict.expected ?? '–') });
    line('findings', verdict.findings.map((code) => verdictSentence(code, language)).join(' '));
  }
  line('changes', transformations.length === 0 ? say('none') : transformations.map((each, index) => `${String(index + 1)}. ${transformationText(each)}`).join('\n'));
  line('review', review === null ? say('undecided') : review.decision === 'edit' ? say('edit', Object.keys(review.edited ?? {}).join(', ')) : say(review.decision));
  if (review?.note !== undefined) lines.push({ label: '', value: review.note });
  line('runs', uses.length === 0 ? say('noRuns') : uses.map(({ run, fates }) => `${run}: ${fates.map((fate) => say(fate)).join(', ')}`).join('\n'));
  return lines;
}

/** The texts of a row, each folded to a number of lines. */
export function recordTexts(record: Pick<DataRecord, 'prompt' | 'think' | 'answer' | 'gold'>, most: number, language: Language): readonly LifeLine[] {
  const say = sayIn(language);
  return ([['textPrompt', record.prompt], ['textThink', record.think], ['textAnswer', record.answer], ['textGold', record.gold ?? '']] as const)
    .map(([label, text]) => ({ label: say(label), value: text === '' ? say('noText') : folded(text, most, say) }));
}

type Say = (key: keyof typeof TEXT, ...values: readonly (string | number)[]) => string;

function sayIn(language: Language): Say {
  const column = language === 'en' ? 0 : 1;
  return (key, ...values) => TEXT[key][column].replaceAll(/\{(\d)\}/g, (_whole, index: string) => String(values[Number(index)] ?? ''));
}

function folded(text: string, most: number, say: Say): string {
  const lines = text.trim().split('\n');
  if (lines.length <= most) return lines.join('\n');
  const more = lines.length - most;
  return `${lines.slice(0, most).join('\n')}\n${more === 1 ? say('oneMoreLine') : say('moreLines', more)}`;
}

/** `clean/unicode (characters 3)`. */
function transformationText({ name, detail }: Transformation): string {
  const facts = Object.entries(detail ?? {}).map(([key, value]) => `${key} ${String(value)}`).join(', ');
  return facts === '' ? name : `${name} (${facts})`;
}

/** A cost is often a small part of a cent: enough digits to see it. */
function amountText(amount: number): string {
  return amount === 0 ? '0' : amount >= 1 ? amount.toFixed(2) : amount.toPrecision(2);
}
