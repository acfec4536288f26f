/** Sentences about what a training stage learns from: weights, schedules, stored targets, teachers of another vocabulary. See messages.ts. */
import type { Sentence } from './messages.ts';

export const LOSS_ERRORS = {
  'recipe-course-too-long': {
    en: '{path} is {steps}, but the stage has {limit} steps: it would never reach {to}, which is what every validation takes. Shorten it to {limit}, or leave it out to take the whole stage.',
    'zh-cn': '{path} 为 {steps}，但该阶段只有 {limit} 步，永远到不了 {to}，而每次验证都以它为准。请缩短到 {limit}，或省略以使用整个阶段。',
  },
  'recipe-course-from-nothing': {
    en: '{path}: an exponential course can’t begin or end at 0. Take linear or cosine, or a small number instead of 0.',
    'zh-cn': '{path}：指数变化不能以 0 为起点或终点。请改用 linear 或 cosine，或用一个很小的数代替 0。',
  },
  'uld-same-vocabulary': {
    en: 'The teacher "{teacher}" has the student’s own tokens: weights.uld compares sorted probabilities and would forget which token each belongs to. Use weights.kl for this teacher, or name another one in uld.teacher.',
    'zh-cn': '教师 "{teacher}" 的词元与学生相同：weights.uld 比较的是排序后的概率，会丢掉每个概率属于哪个词元。请对该教师使用 weights.kl，或在 uld.teacher 中指定其他教师。',
  },
  'uld-nothing-aligned': {
    en: 'The teacher "{teacher}" and the student have no piece of text of the training rows in common: {rows} rows, no span. Its tokenizer changes the text that it reads; take another teacher.',
    'zh-cn': '教师 "{teacher}" 与学生在训练数据的文本上没有任何共同片段：{rows} 行，0 个片段。其分词器改变了所读文本；请换用其他教师。',
  },
  'targets-nothing-said': {
    en: 'No row of the data has log-probabilities that fit the student’s tokens ({rows} rows: {without} without any, {unfit} whose tokens are cut otherwise). Collect the data with ask.sampling.topLogprobs from a service whose model has the student’s tokenizer, or use weights.ce alone.',
    'zh-cn': '数据中没有任何一行带有与学生词元相符的对数概率（共 {rows} 行：{without} 行没有，{unfit} 行切词不同）。请从使用相同分词器模型的服务收集数据并设置 ask.sampling.topLogprobs，或仅使用 weights.ce。',
  },
  'recipe-targets-data-temperature': {
    en: '{path}: a service tells log-probabilities at T = 1 only, so targets.from "data" can’t be taken at another T. Set the temperature to 1, or targets.tail to "drop", which leaves out all tokens but the targets.topK that are kept.',
    'zh-cn': '{path}：服务只给出 T = 1 的对数概率，targets.from "data" 不能用于其他 T。请将温度设为 1，或将 targets.tail 设为 "drop"，即只保留 targets.topK 个词元。',
  },
  'recipe-targets-data-objective': {
    en: '{path}: {objective} asks what the teacher holds impossible, and a service tells its most probable tokens only. Take forward-kl, skew-kl or jsd.',
    'zh-cn': '{path}：{objective} 需要知道教师认为不可能的词元，而服务只给出最可能的词元。请使用 forward-kl、skew-kl 或 jsd。',
  },
  'recipe-targets-data-alone': {
    en: '{path}: targets.from "data" takes what a service said of the answers; {key} needs a local model. Remove one of the two.',
    'zh-cn': '{path}：targets.from "data" 使用服务对答案给出的概率；{key} 需要本地模型。请移除其一。',
  },
  'recipe-warm-up-objective': {
    en: '{path}: a stage that trains the teacher "{teacher}" learns from the rows alone. Give it "objective": "sequence".',
    'zh-cn': '{path}：训练教师 "{teacher}" 的阶段只能从数据行学习。请为其设置 "objective": "sequence"。',
  },
  'recipe-warm-up-only': {
    en: '{path}: a stage that trains a teacher changes all of its weights as they are; {key} belongs to stages that train the student. Remove it.',
    'zh-cn': '{path}：训练教师的阶段直接更新其全部权重；{key} 只用于训练学生的阶段。请删除。',
  },
  'recipe-warm-up-late': {
    en: '{path}: the teacher "{teacher}" is trained after the stage "{before}" has trained the student. Put warm-ups before every stage that trains the student.',
    'zh-cn': '{path}：在阶段 "{before}" 训练学生之后才训练教师 "{teacher}"。请把预热放在所有训练学生的阶段之前。',
  },
  'recipe-teachers-twice': {
    en: '{path}: "{name}" is in the list already. Name each teacher once, and give it the weight that it is to have.',
    'zh-cn': '{path}："{name}" 已在列表中。每位教师只写一次，并设置所需的权重。',
  },
  'recipe-combine-alone': {
    en: '{path}: {key} says how several teachers become one, and this stage lists none. Name them in teachers, or remove {key}.',
    'zh-cn': '{path}：{key} 用于合并多位教师，而该阶段没有列出。请在 teachers 中写出它们，或删除 {key}。',
  },
  'recipe-uld-without-weight': {
    en: '{path} names a teacher of another vocabulary, but weights.uld is 0: nothing would be learnt from it. Give weights.uld a weight (1.5 is usual), or remove uld.',
    'zh-cn': '{path} 指定了另一词表的教师，但 weights.uld 为 0，学不到任何内容。请为 weights.uld 设置权重（常用 1.5），或删除 uld。',
  },
} as const satisfies Record<string, Sentence>;

export const LOSS_WARNINGS = {
  'targets-partly-said': {
    en: 'Stage {stage}: a service said something of {share} of the supervised tokens. Of {rows} rows {without} have no log-probabilities and {unfit} none whose tokens are the student’s: there the student learns the row’s own tokens.',
    'zh-cn': '阶段 {stage}：服务对 {share} 的监督词元给出了概率。{rows} 行中有 {without} 行没有对数概率，{unfit} 行的词元与学生不符：这些位置学生学习该行自身的词元。',
  },
  'targets-tail-lost': {
    en: 'Stage {stage}: at T = {temperatures} the mass of the tokens that the service did not name is unknown and left out; the student is held to the named ones alone.',
    'zh-cn': '阶段 {stage}：在 T = {temperatures} 时，服务未列出的词元的概率未知，已忽略；学生只对照所列词元。',
  },
  'uld-partly-aligned': {
    en: 'Only {share} of the supervised tokens stand in pieces of text that the teacher "{teacher}" cuts alike: the rest of the text it reads differently (its tokenizer changes it), or beyond its {positions} positions.',
    'zh-cn': '只有 {share} 的监督词元位于教师 "{teacher}" 切分一致的文本片段中：其余文本被其分词器改变，或超出其 {positions} 个位置。',
  },
} as const satisfies Record<string, Sentence>;
