/**
 * The stage `collect`: from questions to verified traces. One pipeline in a fixed order, each part left out where the recipe
 * doesn't name it: read → synthesise → clean → ask a teacher → verify → select → augment → mix → write. The command line's
 * `distill data …` and the workbench take the same options, so their names and defaults stand here alone.
 */
import * as z from 'zod';
import { about, count, fields, pathText, positive, share } from './recipeParts.ts';

export const DATA_FORMATS = ['auto', 'distill', 'jsonl', 'json', 'csv', 'parquet', 'huggingface', 'sharegpt', 'alpaca', 'messages', 'think'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

/** What a row asks for; free words are allowed besides, for domains of one's own. */
export const TASKS = ['maths', 'logic', 'code', 'reading', 'general'] as const;

export const onBroken = z.enum(['refuse', 'skip']).default('refuse').meta(about('A row that can’t be read: the whole is refused with its line, or it is left out, counted and named.', '无法读取的行：整体拒绝并指出行号，或跳过并计数、列出。'));

export const source = z.strictObject({
  file: pathText.optional().meta(about('A file, or a dataset folder.', '文件或数据集文件夹。')),
  hub: z.strictObject({
    dataset: z.string().regex(/^[\w.-]+(\/[\w.-]+)?$/).meta(about('OWNER/NAME on the hub.', 'Hub 上的 OWNER/NAME。')),
    revision: z.string().default('main').meta(about('Branch, tag or commit.', '分支、标签或提交。')),
    config: z.string().optional().meta(about('Configuration of the dataset.', '数据集配置名。')),
    split: z.string().default('train').meta(about('Split of the dataset.', '数据集划分。')),
  }).optional().meta(about('A dataset of the Hugging Face hub, downloaded once.', 'Hugging Face Hub 上的数据集，仅下载一次。')),
  synthesise: z.strictObject({
    kinds: z.array(z.string().min(1)).min(1).optional().meta(about('Kinds of problems; all where none is named.', '题目类型；未指定则为全部。')),
    rows: count.meta(about('Problems made.', '生成题目数。')),
    difficulty: z.tuple([z.int().min(1).max(5), z.int().min(1).max(5)]).default([1, 5]).meta(about('From and to, of 1 … 5.', '难度范围 1 … 5。')),
    languages: z.array(z.enum(['en', 'zh'])).min(1).default(['en']).meta(about('Languages of the problems and their traces.', '题目与轨迹的语言。')),
    seed: z.int().min(0).default(0).meta(about('The same seed makes the same problems.', '相同种子生成相同题目。')),
  }).optional().meta(about('Symbolic problems with their step-by-step traces, each solved by an independent checker.', '符号化题目及逐步推理，每题由独立求解器验证。')),
  format: z.enum(DATA_FORMATS).default('auto').meta(about('"auto" recognises it.', '"auto" 自动识别。')),
  fields: fields.optional().meta(about('Which field holds what, where the usual names don’t fit.', '字段名不符合惯例时指明各内容所在字段。')),
  task: z.string().min(1).optional().meta(about('Task of these rows where they don’t say it: maths, logic, code …', '数据行未注明时的任务：maths、logic、code …')),
  language: z.string().min(2).optional().meta(about('Language of these rows where it isn’t to be guessed.', '不需自动判断时指定语言。')),
  limit: count.optional().meta(about('Rows taken at most.', '最多取用行数。')),
}).meta(about('Where rows come from: exactly one of file, hub, synthesise.', '数据行来源：file、hub、synthesise 三者之一。'));

export const sampling = z.strictObject({
  temperature: z.number().min(0).max(2).default(0.6).meta(about('0 is greedy. Some services ignore it for reasoning models.', '0 为贪心。部分服务对推理模型忽略此项。')),
  topP: share.default(0.95).meta(about('Share of the probability that is sampled from.', '核采样的概率份额。')),
  maxTokens: count.default(8192).meta(about('Tokens of one answer at most, reasoning included; the worst case that the budget reserves.', '单个回答的最大词元数（含推理）；预算按此最坏情况预留。')),
  topLogprobs: z.int().min(0).max(20).default(0).meta(about('Top log-probabilities kept for each token, where the service offers them.', '每个词元保留的最高对数概率个数（若服务支持）。')),
  seed: z.int().min(0).optional().meta(about('Sent with each request where the service takes one; the sample’s index is added.', '随请求发送的种子（若支持），会加上样本序号。')),
});

export const ask = z.strictObject({
  teacher: z.string().min(1).optional().meta(about('Name of a teacher; needed where there are several.', '教师名；有多个教师时必填。')),
  system: z.string().optional().meta(about('System prompt.', '系统提示词。')),
  prompt: z.string().default('{prompt}').meta(about('What is asked, with {prompt} in it.', '提问模板，含 {prompt}。')),
  language: z.enum(['same', 'en', 'zh']).default('same').meta(about('Language that the teacher is told to reason and answer in; "same" says nothing.', '要求教师推理与作答使用的语言；"same" 不作要求。')),
  shots: z.array(z.strictObject({ prompt: z.string().min(1), answer: z.string().min(1) })).default([]).meta(about('Solved examples that go before the question.', '放在问题之前的示例。')),
  samples: count.max(256).default(1).meta(about('Answers asked for each prompt.', '每个问题请求的回答数。')),
  sampling: sampling.prefault({}),
}).meta(about('Ask a teacher for reasoning and answer.', '向教师请求推理与答案。'));

export const verify = z.strictObject({
  answers: z.boolean().default(true).meta(about('Compare the final answer with the reference.', '将最终答案与标准答案比较。')),
  code: z.enum(['never', 'sandbox']).default('never').meta(about('Run the unit tests of code rows in a sandbox, after consent.', '经同意后在沙箱中运行代码行的单元测试。')),
  trace: z.boolean().default(true).meta(about('Check the reasoning’s form: tags, truncation, repetition, language mixing, refusals, and that it states the answer that is given.', '检查推理形式：标签、截断、重复、语言混杂、拒答，以及推理结论是否与答案一致。')),
  judge: z.strictObject({
    teacher: z.string().min(1).meta(about('Teacher that judges where there is no reference.', '无标准答案时进行评判的教师。')),
    votes: count.max(16).default(1).meta(about('Verdicts asked for each row; the majority counts.', '每行请求的评判数；取多数。')),
  }).optional(),
  keep: z.enum(['right', 'not-wrong', 'all']).default('not-wrong').meta(about('Which rows go on: right ones only, also those that can’t be judged, or all.', '保留哪些行：仅正确、包括无法判断的，或全部。')),
}).meta(about('Check every answer and trace.', '检查每个答案与推理。'));

export const select = z.strictObject({
  keep: z.enum(['best', 'all']).default('all').meta(about('best: of each question the sample with the highest score. all: every sample that is left, with a weight; training counts rows by it.', 'best：每题只留得分最高的样本。all：保留余下的全部样本并附上权重，训练时按权重计。')),
  softness: positive.default(1).meta(about('Weights are softmax(score / softness) over the samples of a question: small values listen to the best ones only.', '权重为同一题样本上的 softmax(得分 / softness)：越小越只取最好的样本。')),
  brevity: z.number().min(0).default(0).meta(about('What being short counts: brevity · (1 − tokens / longest sample), added to the verdict (right 1, undecided 0.5, wrong 0).', '简短的分值：brevity · (1 − 词元数 / 最长样本)，加到判定分（正确 1、未定 0.5、错误 0）上。')),
  logprob: z.number().min(0).default(0).meta(about('What the teacher’s own mean log-probability of a token counts; needs ask.sampling.topLogprobs.', '教师自身每词元平均对数概率的分值；需要 ask.sampling.topLogprobs。')),
}).meta(about('Labels from search: choose among the samples of a question by verdict, length and log-probability.', '搜索得到的标签：按判定、长度与对数概率在同一题的多个样本中选择。'));

export const clean = z.strictObject({
  unicode: z.boolean().default(true).meta(about('NFC; full-width digits, letters and operators to half-width; punctuation is kept.', 'NFC；全角数字、字母、运算符转半角；标点保留。')),
  control: z.boolean().default(true).meta(about('Take control characters out.', '移除控制字符。')),
  html: z.boolean().default(true).meta(about('Take HTML out.', '移除 HTML。')),
  boilerplate: z.boolean().default(true).meta(about('Take phrases out that frame an answer without saying anything.', '移除无信息的套话。')),
  length: z.strictObject({
    min: z.int().min(0).default(0), max: count.optional(),
  }).prefault({}).meta(about('Tokens of a row by the student’s tokenizer.', '按学生分词器计的每行词元数。')),
  duplicates: z.enum(['keep', 'exact', 'near']).default('near').meta(about('Exact, or also near duplicates (MinHash-LSH over shingles).', '完全重复，或同时去除近似重复（MinHash-LSH）。')),
  similarity: share.default(0.8).meta(about('Jaccard similarity from which two rows are near duplicates.', '判定近似重复的 Jaccard 相似度。')),
  sameProblem: z.boolean().default(false).meta(about('Also the same problem with other names.', '同一题目仅更换名称也视为重复。')),
  contamination: z.array(pathText).default([]).meta(about('Evaluation sets that no row may come from.', '不得混入的评测集文件。')),
  secrets: z.enum(['keep', 'flag', 'remove']).default('flag').meta(about('Rows with personal data or keys.', '含个人信息或密钥的行。')),
  irrelevant: z.strictObject({
    pattern: z.string().min(1).optional().meta(about('Rows whose prompt matches this regular expression go.', '问题匹配此正则表达式的行将被移除。')),
    maxPerplexity: positive.optional().meta(about('Rows above this perplexity under the model go.', '在该模型下困惑度高于此值的行将被移除。')),
    model: pathText.optional().meta(about('Model folder that measures perplexity or embeds.', '用于计算困惑度或向量的模型文件夹。')),
    like: pathText.optional().meta(about('Rows that are relevant: those too far from them go.', '相关样例文件：与其相差太远的行将被移除。')),
    minSimilarity: share.optional().meta(about('Cosine similarity to the nearest relevant row that a row needs.', '与最近相关样例的最低余弦相似度。')),
  }).optional(),
}).meta(about('Rules that rows pass through. What they take is kept beside the output and can be brought back.', '清洗规则。被移除的行保存在旁路文件中，可随时恢复。'));

export const AUGMENTATIONS = ['back-translation', 'synonyms', 'recombination', 'numbers', 'rephrasing'] as const;
export const augmentation = z.strictObject({
  kind: z.enum(AUGMENTATIONS).meta(about('How new rows are made from old ones.', '由旧行生成新行的方式。')),
  copies: count.max(32).default(1).meta(about('New rows tried for each old one.', '每个旧行尝试生成的新行数。')),
  share: share.default(1).meta(about('Share of the rows that is augmented.', '参与增强的行比例。')),
  strength: share.default(0.2).meta(about('Synonyms: share of the words that is replaced.', '同义词：替换的词比例。')),
  teacher: z.string().min(1).optional().meta(about('Teacher of back-translation and rephrasing.', '回译与改写所用教师。')),
  agreement: count.max(16).default(3).meta(about('Answers asked of the teacher for a new question that can’t be solved symbolically; all must agree.', '对无法符号求解的新题请求的回答数；必须一致。')),
});

export const mix = z.strictObject({
  rows: count.optional().meta(about('Rows of the mix; by default as many as the weights allow without repeating.', '混合后的行数；默认在不重复的前提下取最多。')),
  by: z.enum(['task', 'difficulty', 'source', 'language']).default('task').meta(about('What rows are grouped by.', '分组依据。')),
  weights: z.record(z.string(), z.number().min(0)).optional().meta(about('Weight of each group.', '各组权重。')),
  temperature: positive.default(1).meta(about('Without weights: groups count with (their size)^(1/temperature).', '未给权重时：各组按 (行数)^(1/temperature) 计权。')),
  order: z.enum(['shuffled', 'curriculum', 'as-is']).default('shuffled').meta(about('Curriculum goes from easy to hard.', '课程顺序由易到难。')),
  validation: share.default(0).meta(about('Share that is written beside as .validation.jsonl; stratified, near-duplicates stay on one side.', '另存为 .validation.jsonl 的比例；分层划分，近似重复只在同一侧。')),
  test: share.default(0).meta(about('Share that is written beside as .test.jsonl.', '另存为 .test.jsonl 的比例。')),
  seed: z.int().min(0).default(0),
}).meta(about('How rows of several kinds become one file.', '多类数据如何混成一个文件。'));

export const collectStage = z.strictObject({
  type: z.literal('collect').meta(about('Makes data: reads or synthesises questions, asks a teacher, verifies, cleans, augments, mixes.', '制作数据：读取或合成题目、询问教师、验证、清洗、增强、混合。')),
  name: z.string().min(1).default('collect').meta(about('Name of the stage; each is used once.', '阶段名；不可重复。')),
  from: z.union([z.string().min(1), source, z.array(z.union([z.string().min(1), source])).min(1)]).meta(about('File(s) of questions, or sources with their options.', '题目文件（可多个），或带选项的来源。')),
  onBroken,
  clean: clean.optional(),
  ask: ask.optional(),
  verify: verify.optional(),
  select: select.optional(),
  augment: z.array(augmentation).default([]),
  mix: mix.optional(),
  to: pathText.regex(/\.jsonl$/).meta(about('The JSONL file that is written; data.train may name it.', '写入的 JSONL 文件；data.train 可引用它。')),
}).transform(({ from, ...rest }) => ({
  ...rest,
  from: (Array.isArray(from) ? from : [from]).map((each) => typeof each === 'string' ? source.parse({ file: each }) : each),
}));

export type CollectStage = z.output<typeof collectStage>;
export type SourceRecipe = z.output<typeof source>;
export type SynthesiseRecipe = NonNullable<SourceRecipe['synthesise']>;
export type AskRecipe = z.output<typeof ask>;
export type Sampling = z.output<typeof sampling>;
export type VerifyRecipe = z.output<typeof verify>;
export type SelectRecipe = z.output<typeof select>;
export type CleanRecipe = z.output<typeof clean>;
export type Augmentation = z.output<typeof augmentation>;
export type MixRecipe = z.output<typeof mix>;
