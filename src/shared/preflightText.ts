/** Every text of the pre-flight, English and Simplified Chinese side by side; `{name}` is filled from the finding's data. */
import type { MessageData } from './events.ts';
import { sentence, type ErrorCode, type Language, type Sentence, type WarningCode } from './messages.ts';
import type { CheckLevel, CheckName, Finding, Fix, PreflightReport } from './preflight.ts';

const row = (en: string, zh: string): Sentence => ({ en, 'zh-cn': zh });

export const PREFLIGHT = {
  'check-failed': row('This check could not be made: {detail}', '此项检查未能完成：{detail}'),

  'recipe-fine': row('The recipe is right.', '配方正确。'),

  'model-fine': row('{layers} layers, width {width}, vocabulary {vocabulary}, {positions} positions, {parameters} parameters; its files are whole.', '{layers} 层，宽度 {width}，词表 {vocabulary}，{positions} 个位置，{parameters} 个参数；文件完整。'),
  'model-new': row('A new model: {layers} layers, width {width}, vocabulary {vocabulary}, {positions} positions, {parameters} parameters.', '新模型：{layers} 层，宽度 {width}，词表 {vocabulary}，{positions} 个位置，{parameters} 个参数。'),

  'student-trained': row('"{stage}" trains {trained} of the student’s {student} parameters ({share}).', '"{stage}" 训练学生 {student} 个参数中的 {trained} 个（{share}）。'),
  'student-share': row('The student has {share} of the parameters of "{teacher}" ({student} of {parameters}).', '学生的参数量为教师 "{teacher}" 的 {share}（{student} / {parameters}）。'),
  'student-not-smaller': row('The student ({student} parameters) is not smaller than its teacher "{teacher}" ({parameters}): nothing is gained by distilling into it.', '学生（{student} 个参数）不小于教师 "{teacher}"（{parameters}）：蒸馏没有收益。'),
  'student-mostly-embedding': row('{share} of the student’s {student} parameters are its vocabulary ({vocabulary} tokens of width {width}): little is left to compute with. Widen the layers, or take a smaller vocabulary.', '学生 {student} 个参数中有 {share} 用于词表（{vocabulary} 个词元，宽度 {width}）：用于计算的参数很少。请加宽各层，或使用更小的词表。'),
  'student-layers-order': row('The layers {layers} are not in the teacher’s order: each was trained to read what the one before it writes.', '层 {layers} 未按教师的顺序排列：每一层都依赖前一层的输出。'),

  'vocabulary-same': row('The same {tokens} tokens; heads of {student} (student) and {rows} (teacher) rows are compared on the first {common}, the rest is padding.', '{tokens} 个词元相同；学生输出层 {student} 行、教师 {rows} 行，按前 {common} 行比较，其余为填充。'),
  'vocabulary-differs': row('{differing} of {common} token ids mean another token in the teacher "{teacher}" than in the student: their logits can’t be compared. {way}', '在教师 "{teacher}" 与学生之间，{common} 个词元编号中有 {differing} 个含义不同：无法比较 logits。{way}'),
  'vocabulary-extended': row('The student has {more} tokens that the teacher "{teacher}" does not know. Rows with them can’t be scored by it.', '学生有 {more} 个教师 "{teacher}" 不认识的词元。含有它们的数据行无法由该教师评分。'),
  'vocabulary-beyond-model': row('The tokenizer has {tokens} tokens, the model {rows} rows for them: a text with one of the others ends the run. Take tokenizer and model from the same folder.', '分词器有 {tokens} 个词元，而模型只有 {rows} 行：遇到其余词元时运行会中止。请使用同一文件夹的分词器与模型。'),
  'vocabulary-data-beyond-model': row('The data have token {token}, the model only {rows} rows: the run would end there. Take tokenizer and model from the same folder.', '数据中出现词元 {token}，而模型只有 {rows} 行：运行会在此中止。请使用同一文件夹的分词器与模型。'),

  'vocabulary-other': row('The teacher "{teacher}" has tokens of its own ({tokens}): it is compared on pieces of text (weights.uld).', '教师 "{teacher}" 使用自己的词元（{tokens} 个）：将按文本片段比较（weights.uld）。'),
  'tokens-same': row('{texts} texts (maths, Chinese, code, emoji, <think>, rows of the data) become the same ids.', '{texts} 段文本（数学、中文、代码、表情、<think>、数据行）得到相同的词元编号。'),
  'tokens-differ': row('The teacher "{teacher}" cuts {differing} of {texts} texts into other tokens than the student: what it says about a position belongs to another one. {way}', '教师 "{teacher}" 对 {texts} 段文本中的 {differing} 段分词与学生不同：其在某位置的输出对应的是另一位置。{way}'),

  'tokens-lossy': row('{count} of {rows} rows do not come back from the student’s tokenizer as they are: characters that it does not know are lost, and the student never learns them.', '{rows} 行中有 {count} 行经学生分词器往返后发生变化：其不认识的字符会丢失，学生学不到它们。'),

  'special-same': row('Start, end and padding tokens are the same.', '起始、结束与填充词元相同。'),
  'special-differ': row('Start, end or padding tokens of the teacher "{teacher}" are others than the student’s. The rows carry the student’s.', '教师 "{teacher}" 的起始、结束或填充词元与学生不同。数据行使用学生的。'),

  'template-plain': row('The recipe’s own template is used; no chat template is asked.', '使用配方自带的模板，不使用对话模板。'),
  'template-fine': row('The chat template renders a question{opens}.', '对话模板可正常渲染问题{opens}。'),
  'template-same': row('Teacher and student render the same text, also with an earlier turn.', '教师与学生渲染出的文本相同（含多轮对话）。'),
  'template-differs': row('The teacher "{teacher}" was made for another prompt than the student’s template writes: it reads the student’s, and its soft targets suffer.', '教师 "{teacher}" 适用的提示与学生模板生成的不同：它读到的是学生的提示，软标签质量会下降。'),
  'template-turns-differ': row('With an earlier turn, the templates of the teacher "{teacher}" and the student differ (one keeps the earlier reasoning, the other drops it, say).', '在多轮对话中，教师 "{teacher}" 与学生的模板不同（例如一方保留先前的推理，另一方丢弃）。'),
  'template-teacher-none': row('The teacher "{teacher}" has no chat template: it may never have seen the student’s marks of roles and turns.', '教师 "{teacher}" 没有对话模板：可能从未见过学生模板中的角色与轮次标记。'),
  'template-teacher-chat': row('The teacher "{teacher}" has a chat template, but data.template writes plain text: it is asked in a form that it was not trained on.', '教师 "{teacher}" 有对话模板，而 data.template 生成纯文本：提问形式与其训练时不同。'),

  'think-survives': row('Reasoning and its marks come back from the tokenizer as they went in; <think> is {pieces}.', '推理及其标记经分词器往返后保持不变；<think> 为 {pieces}。'),
  'think-lost': row('The reasoning’s marks do not survive the tokenizer: of "{text}" comes back "{back}". Answers could not be told from reasoning. Take a tokenizer that knows them, or a data.template with other marks.', '推理标记无法通过分词器：“{text}”返回为“{back}”，将无法区分推理与答案。请使用支持它们的分词器，或在 data.template 中改用其他标记。'),
  'think-not-in-template': row('{share} of the rows have reasoning, but data.template has no {think}: it is left out, and the student learns answers alone.', '{share} 的数据行含有推理，但 data.template 中没有 {think}：推理会被忽略，学生只学答案。'),
  'think-absent': row('No row has reasoning: the student learns answers alone.', '没有数据行含推理：学生只学答案。'),
  'think-some': row('{share} of the rows have reasoning, the others none: the student learns to leave it out as often.', '{share} 的数据行含推理，其余没有：学生也会按此比例省略推理。'),

  'end-supervised': row('Rows end with {token} ({id}), which is trained on and ends generation.', '数据行以 {token}（{id}）结尾，会参与训练并结束生成。'),
  'end-turn-other': row('The chat template ends a turn with {turn}, which is no end token of the tokenizer: rows end with {token} instead, and a server that waits for {turn} never stops. Add it to eos_token_id in generation_config.json.', '对话模板以 {turn} 结束一轮，但它不是分词器的结束词元：数据行改以 {token} 结尾，等待 {turn} 的服务将无法停止。请将其加入 generation_config.json 的 eos_token_id。'),
  'end-not-in-generation': row('Rows end with {token} ({id}), but {file} names {named}: whoever serves the exported student by that file would not stop at it. Add {id} to eos_token_id.', '数据行以 {token}（{id}）结尾，但 {file} 写的是 {named}：按该文件部署导出的学生时不会在此停止。请将 {id} 加入 eos_token_id。'),
  'end-other-than-teacher': row('Rows end with {token}, the teacher "{teacher}" ends its texts with {theirs}: its soft targets at the end ask for something else.', '数据行以 {token} 结尾，而教师 "{teacher}" 以 {theirs} 结束文本：其在结尾处的软标签指向其他词元。'),

  'data-fine': row('{train} rows to train on, {validation} to validate on, {evaluation} prompts to evaluate on.', '{train} 行用于训练，{validation} 行用于验证，{evaluation} 个问题用于评估。'),
  'data-collected': row('{file} will be written by the stage "{stage}": its rows can’t be looked at before.', '{file} 将由阶段 "{stage}" 写入：此前无法检查其内容。'),
  'data-no-validation': row('No row is left for validation: the best checkpoint can’t be told. Raise data.validation or add rows.', '没有可用于验证的数据：无法判断最佳存档。请调大 data.validation 或增加数据。'),
  'data-no-evaluation': row('The recipe evaluates, but no prompt is held out for it.', '配方包含评估，但没有留出的问题。'),
  'data-gold-some': row('{missing} of {prompts} evaluation prompts have no reference answer: accuracy is measured on the others.', '{prompts} 个评估问题中有 {missing} 个没有标准答案：准确率仅按其余计算。'),
  'data-repeated': row('{repeated} of {rows} training rows ask a question that was asked before.', '{rows} 行训练数据中有 {repeated} 行的问题重复。'),

  'held-out-apart': row('No held-out prompt is among the training rows.', '训练数据中没有留出的问题。'),
  'held-out-both': row('{shared} prompts are in the validation file and in the test file: what the best checkpoint is chosen by is also what it is judged by.', '{shared} 个问题同时出现在验证文件与测试文件中：选择最佳存档与最终评判使用了相同的题目。'),
  'held-out-near': row('{near} of {held} held-out prompts are nearly the same as a training prompt: the evaluation would praise memory.', '{held} 个留出的问题中有 {near} 个与训练问题几乎相同：评估会高估模型。'),

  'length-fine': row('{share} of the rows are longer than data.maxLength {limit} (median {median}, 99 % up to {p99}, longest {longest} tokens{basis}).', '{share} 的数据行超过 data.maxLength {limit}（中位数 {median}，99 % 不超过 {p99}，最长 {longest} 个词元{basis}）。'),
  'length-cut': row('{long} of {rows} rows ({share}) are longer than data.maxLength {limit} and lose their end, mostly with the answer (median {median}, 99 % up to {p99}, longest {longest} tokens{basis}).', '{rows} 行中有 {long} 行（{share}）超过 data.maxLength {limit}，会失去结尾（大多连同答案；中位数 {median}，99 % 不超过 {p99}，最长 {longest} 个词元{basis}）。'),
  'length-refused': row('{long} of {rows} rows are longer than data.maxLength {limit}, and data.tooLong refuses them (longest {longest} tokens{basis}).', '{rows} 行中有 {long} 行超过 data.maxLength {limit}，而 data.tooLong 会拒绝它们（最长 {longest} 个词元{basis}）。'),
  'length-nothing-left': row('No row is left to train on: of {rows} rows, {long} are longer than data.maxLength {limit} or have a prompt that fills it.', '没有可训练的数据：{rows} 行中有 {long} 行超过 data.maxLength {limit}，或问题占满了长度。'),
  'length-beyond-model': row('{long} of {rows} rows ({share}) are longer than data.maxLength {limit} (median {median}, 99 % up to {p99}, longest {longest} tokens{basis}), and the models have only {positions} positions: shorter traces, or models with more positions, are needed.', '{rows} 行中有 {long} 行（{share}）超过 data.maxLength {limit}（中位数 {median}，99 % 不超过 {p99}，最长 {longest} 个词元{basis}），而模型只有 {positions} 个位置：需要更短的轨迹或位置更多的模型。'),
  'length-prompts': row('The prompt alone takes the whole data.maxLength {limit} in {count} of {rows} rows: they are left out.', '{rows} 行中有 {count} 行的问题占满了 data.maxLength {limit}：这些行会被排除。'),

  'positions-fine': row('data.maxLength {longest} fits into the {positions} positions of the models that read it.', 'data.maxLength {longest} 未超出模型的 {positions} 个位置。'),
  'positions-evaluate': row('{count} of {prompts} evaluation prompts leave less than evaluate.maxNewTokens {wanted} of the {positions} positions of the {model}: their answers are cut (the longest prompt leaves {left}).', '{prompts} 个评估问题中有 {count} 个在{model}的 {positions} 个位置内剩余空间不足 evaluate.maxNewTokens {wanted}：回答会被截断（最长的问题只剩 {left}）。'),

  'training-plan': row('"{stage}": {steps} steps of {batch} rows pass {passes} times over {rows} rows.', '"{stage}"：{steps} 步，每步 {batch} 行，共遍历 {rows} 行数据 {passes} 次。'),
  'reinforce-plan': row('"{stage}": {steps} steps of {prompts} prompts with {samples} completions each: {completions} completions, {passes} passes over the prompts.', '"{stage}"：{steps} 步，每步 {prompts} 个问题、每题 {samples} 个回答：共 {completions} 个回答，遍历问题 {passes} 次。'),
  'reinforce-rows-left-out': row('"{stage}": {share} of the {rows} training rows have no answer to compare with and are left out.', '"{stage}"：{rows} 行训练数据中有 {share} 没有可对照的答案，将被略过。'),
  'completions-cut': row('"{stage}": after {share} of the prompts there is no room for {tokens} new tokens: the student has {positions} positions, and completions end there.', '"{stage}"：{share} 的问题之后没有 {tokens} 个新词元的空间：学生模型有 {positions} 个位置，回答到此为止。'),
  'training-batch-beyond-rows': row('"{stage}": a step takes {batch} rows and there are only {rows}: the same row is in one batch more than once.', '"{stage}"：每步需要 {batch} 行，而只有 {rows} 行：同一行会在一个批次中重复出现。'),
  'training-key-idle': row('"{stage}": {key} does nothing here; it needs {needs}. Change that, or take {key} out.', '"{stage}"：{key} 在此不起作用；它需要 {needs}。请修改后者，或删除 {key}。'),
  'training-topk-whole': row('"{stage}": targets.topK is {topK}, and the student has {vocabulary} tokens: it is cut to the vocabulary, so that whole distributions are stored. Take fewer (64 is usual), or leave targets out.', '"{stage}"：targets.topK 为 {topK}，而学生只有 {vocabulary} 个词元：将截至词表大小，即保存完整分布。请减小（常用 64），或删除 targets。'),
  'training-warmup': row('"{stage}": the warm-up takes {warmup} of {steps} steps: the learning rate {reach}.', '"{stage}"：预热占 {steps} 步中的 {warmup} 步：学习率{reach}。'),
  'training-rows-unseen': row('"{stage}": {steps} steps see only {share} of the {rows} rows.', '"{stage}"：{steps} 步只会用到 {rows} 行数据中的 {share}。'),
  'training-never-validates': row('"{stage}": validation comes every {every} steps and there are only {steps}: it is made once, at the end, so there is no best checkpoint to choose.', '"{stage}"：每 {every} 步验证一次，而总共只有 {steps} 步：只会在结束时验证一次，无法挑选最佳存档。'),
  'training-never-stops-early': row('"{stage}": early stopping waits for {patience} validations without improvement, and there are only {validations}: it never comes to that.', '"{stage}"：提前停止需连续 {patience} 次验证无改善，而总共只有 {validations} 次验证：不会触发。'),

  'memory-fine': row('"{stage}" needs about {needed} at once on {backend}; {limit} can be had.', '"{stage}" 在 {backend} 上约需 {needed}；可用 {limit}。'),
  'memory-tight': row('"{stage}" needs about {needed} at once on {backend}, of {limit} that can be had: it may run out.', '"{stage}" 在 {backend} 上约需 {needed}，可用 {limit}：可能不足。'),
  'memory-too-much': row('"{stage}" needs about {needed} at once, {backend} has {limit}. {way}', '"{stage}" 约需 {needed}，而 {backend} 只有 {limit}。{way}'),
  'memory-unknown': row('"{stage}" needs about {needed} at once on {backend}; how much memory it has is not known here.', '"{stage}" 在 {backend} 上约需 {needed}；此处无法得知其显存大小。'),

  'disk-fine': row('Checkpoints and exports take up to {needed}; {free} are free.', '存档与导出最多占用 {needed}；剩余 {free}。'),
  'disk-tight': row('Checkpoints and exports take up to {needed}, and only {free} are free.', '存档与导出最多占用 {needed}，而只剩 {free}。'),
  'disk-too-much': row('Checkpoints and exports take up to {needed}, more than the {free} that are free: the run would end with a full disk. Free some space, or keep fewer checkpoints.', '存档与导出最多占用 {needed}，超过剩余的 {free}：运行会因磁盘已满而中止。请清理空间，或减少保留的存档。'),

  'backend-taken': row('{backend} ({device}) loads and computes right.', '{backend}（{device}）可加载且计算正确。'),
  'backend-none': row('No backend loads and computes right on this machine: {detail}', '本机没有可加载且计算正确的后端：{detail}'),

  'api-ready': row('Its key ({variable}) is there; it is reached at {address}.', '密钥（{variable}）已提供；地址为 {address}。'),
  'api-ready-no-key': row('It wants no key; it is reached at {address}.', '无需密钥；地址为 {address}。'),
  'api-answers': row('{address} answers and has the model {model}.', '{address} 可访问，且提供模型 {model}。'),
  'api-unused': row('No stage asks it.', '没有阶段会询问它。'),
  'api-no-key': row('Its key is missing: set the environment variable {variable}, or run “Distill: Set Teacher API Key” in VS Code.', '缺少密钥：请设置环境变量 {variable}，或在 VS Code 中执行“蒸馏：设置教师 API 密钥”。'),
  'api-key-refused': row('{address} refused the key in {variable} ({status}).', '{address} 拒绝了 {variable} 中的密钥（{status}）。'),
  'api-not-reached': row('{address} can’t be reached: {detail}. Correct baseUrl, or start the service.', '无法访问 {address}：{detail}。请更正 baseUrl，或启动该服务。'),
  'api-model-unknown': row('{address} does not name a model {model} (has: {models}).', '{address} 未列出模型 {model}（现有：{models}）。'),
  'api-list-refused': row('{address} answers, but does not tell its models ({status}).', '{address} 可访问，但未提供模型列表（{status}）。'),
  'api-no-cap': row('Nothing caps what it may cost: write budget.money (with prices) or budget.tokens.', '没有费用上限：请填写 budget.money（及 prices）或 budget.tokens。'),
  'api-cap-fine': row('One request costs {worst} at most, the cap is {cap}: at least {requests} requests.', '单次请求最多花费 {worst}，上限为 {cap}：至少可发送 {requests} 次请求。'),
  'api-cap-below-request': row('One request of "{stage}" may cost {worst}, more than the cap {cap}: none would be sent. Raise the cap, or lower sampling.maxTokens.', '"{stage}" 的单次请求最多花费 {worst}，超过上限 {cap}：不会发送任何请求。请提高上限，或降低 sampling.maxTokens。'),
  'api-sampling-ignored': row('"{stage}": {model} ignores temperature and topP.', '"{stage}"：{model} 会忽略 temperature 与 topP。'),
  'api-samples-alike': row('"{stage}" asks {samples} answers for each prompt at temperature 0: they will be the same answer, paid {samples} times.', '"{stage}" 在温度 0 下对每题请求 {samples} 个回答：它们会是同一个回答，却要付 {samples} 次费。'),
  'api-logprobs-none': row('"{stage}": {model} gives no log-probabilities: topLogprobs is left out.', '"{stage}"：{model} 不提供对数概率：topLogprobs 会被忽略。'),

  'collect-fine': row('"{stage}": {sources} sources can be read; it writes {to}.', '"{stage}"：{sources} 个来源可读取；写入 {to}。'),
  'collect-file-missing': row('"{stage}": the file {file} is not there. Correct its path.', '"{stage}"：文件 {file} 不存在。请更正路径。'),
  'collect-unused': row('"{stage}" writes {to}, which data.train does not name: nothing is trained on it.', '"{stage}" 写入 {to}，但 data.train 未引用它：不会用于训练。'),
  'collect-longer-than-student': row('"{stage}": answers may have {tokens} tokens, data.maxLength is {limit}: what is paid for beyond it is cut.', '"{stage}"：回答最多 {tokens} 个词元，而 data.maxLength 为 {limit}：超出部分付费后仍会被截断。'),
} as const satisfies Record<string, Sentence>;

export type PreflightCode = keyof typeof PREFLIGHT;

export const FIXES = {
  set: row('Set {path} to {value}', '将 {path} 设为 {value}'),
  sequence: row('Train "{stage}" on the traces alone (objective "sequence")', '"{stage}" 仅用轨迹训练（目标 "sequence"）'),
  'kl-in-place-of-uld': row('Compare "{teacher}" token by token: weights.kl in place of weights.uld', '对 "{teacher}" 逐词元比较：以 weights.kl 代替 weights.uld'),
  'student-alone': row('Evaluate the student alone', '只评估学生'),
  'teacher-tokenizer': row('Give the student the tokenizer of "{teacher}"', '让学生使用 "{teacher}" 的分词器'),
  'smaller-batch': row('Set batch.size to {size} and accumulate to {accumulate}: the same step in less memory', '将 batch.size 设为 {size}、accumulate 设为 {accumulate}：同样的一步，占用更少内存'),
  'add-think': row('Put {think} into data.template', '在 data.template 中加入 {think}'),
  template: row('Write a plain template instead', '改用纯文本模板'),
  'add-to-train': row('Add {to} to data.train', '将 {to} 加入 data.train'),
} as const satisfies Record<string, Sentence>;

export type FixCode = keyof typeof FIXES;

const LABELS = {
  text: row('text', '文本'), back: row('comes back as', '返回为'), student: row('student', '学生'), teacher: row('teacher', '教师'), id: row('id', '编号'), token: row('token', '词元'),
  what: row('what', '内容'), value: row('value', '值'), file: row('file', '文件'), line: row('line', '行'), tokens: row('tokens', '词元数'),
  prompt: row('prompt', '问题'), other: row('nearly the same', '近似题目'), part: row('part', '部分'), size: row('size', '大小'),
  limit: row('data.maxLength', 'data.maxLength'), share: row('share cut', '截断比例'), backend: row('backend', '后端'), outcome: row('outcome', '结果'),
  rendered: row('rendered', '渲染结果'), source: row('source', '来源'), count: row('number', '数量'),
} as const satisfies Record<string, Sentence>;

export type EvidenceLabel = keyof typeof LABELS;

/** Words inside sentences that depend on what was found; data hold `@word` for them. */
export const WORDS = {
  weights: row('student: weights', '学生：权重'), moments: row('student: AdamW’s moments', '学生：AdamW 动量'), gradients: row('student: gradients', '学生：梯度'),
  activations: row('student: activations', '学生：激活值'), inside: row('hidden states and attention that are matched', '所匹配的隐藏状态与注意力'), logits: row('logits and their gradients', 'logits 及其梯度'), teacher: row('teacher: weights', '教师：权重'),
  'teacher-pass': row('teacher: forward pass', '教师：前向计算'), 'forward-pass': row('validation or targets: forward pass', '验证或目标：前向计算'), stored: row('stored soft targets (main memory)', '缓存的软标签（主内存）'), base: row('engine itself', '引擎本身'),
  'the-student': row('student', '学生'), 'the-teacher': row('teacher', '教师'),
  opens: row(' and opens <think> itself', '，并自动写出 <think>'), nothing: row('', ''),
  sample: row(', of a sample of {rows} rows', '，基于 {rows} 行抽样'),
  'one-piece': row('one token', '一个词元'), pieces: row('{count} tokens', '{count} 个词元'),
  'way-batch': row('Make batch.size smaller and accumulate larger.', '请减小 batch.size 并增大 accumulate。'),
  'way-checkpointing': row('Set gradientCheckpointing to true: blocks are computed once more instead of kept.', '请将 gradientCheckpointing 设为 true：各层重新计算而不保留。'),
  'way-length': row('Even one row at a time does not fit: lower data.maxLength, or take smaller models.', '即使每次一行也放不下：请减小 data.maxLength，或使用更小的模型。'),
  'way-other-tokens': row('Take a student with the teacher’s tokenizer, set weights.uld above 0 and weights.kl to 0 (it compares pieces of text), or take the objective "sequence".', '请使用与教师相同分词器的学生，或令 weights.uld 大于 0 并将 weights.kl 设为 0（按文本片段比较），或将目标设为 "sequence"。'),
  'way-other-tokens-on-policy': row('What the student writes (onPolicy) can only be scored by a teacher with the student’s tokens: name one, or take onPolicy out and then set weights.uld above 0 and weights.kl to 0 (it compares pieces of text), or take the objective "sequence".', '学生自己写出的内容（onPolicy）只能由使用相同词元的教师评分：请指定这样的教师；或删除 onPolicy，再令 weights.uld 大于 0 并将 weights.kl 设为 0（按文本片段比较），或将目标设为 "sequence"。'),
  'way-models': row('The models alone do not fit: take smaller ones, or a backend with more memory.', '仅模型本身就放不下：请使用更小的模型，或内存更大的后端。'),
  'never-peaks': row('never reaches its peak', '始终达不到峰值'), 'barely-peaks': row('is at its peak for hardly a step', '几乎没有处于峰值的时间'),
  start: row('start', '起始'), end: row('end', '结束'), padding: row('padding', '填充'), around: row('put around a text', '文本前后添加'),
  'one-turn': row('one turn', '单轮'), turns: row('with an earlier turn', '多轮'),
} as const satisfies Record<string, Sentence>;

export type Word = keyof typeof WORDS;

const TITLES: Readonly<Record<CheckName, Sentence>> = {
  recipe: row('Recipe', '配方'), models: row('Models', '模型'), student: row('Student', '学生'), vocabulary: row('Vocabulary', '词表'), tokens: row('Token ids', '词元编号'),
  special: row('Special tokens', '特殊词元'), template: row('Chat template', '对话模板'), think: row('Reasoning marks', '推理标记'), end: row('End token', '结束词元'),
  data: row('Data', '数据'), 'held-out': row('Held-out rows', '留出数据'), length: row('Row lengths', '数据行长度'), positions: row('Positions', '位置数'), training: row('Training', '训练'),
  memory: row('Memory', '内存'), disk: row('Disk', '磁盘'), backend: row('Backend', '后端'), api: row('API teacher', 'API 教师'), collect: row('Collecting', '数据收集'),
};

const LEVELS: Readonly<Record<CheckLevel, Sentence>> = { pass: row('fine', '通过'), warning: row('warning', '警告'), refusal: row('can’t work', '无法运行') };

export const LEVEL_SIGNS: Readonly<Record<CheckLevel, string>> = { pass: '✓', warning: '!', refusal: '✗' };

/** What a finding says, as one or two sentences. */
export function findingText({ code, data }: Pick<Finding, 'code' | 'data'>, language: Language): string {
  const own: Sentence | undefined = (PREFLIGHT as Record<string, Sentence>)[code];
  const worded = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, typeof value === 'string' ? wordText(value, data, language) : value]));
  return own === undefined ? sentence(code as ErrorCode | WarningCode, worded, language) : filled(own[language], worded);
}

export function fixText({ label, data }: Pick<Fix, 'label' | 'data'>, language: Language): string {
  return filled(FIXES[label][language], data);
}

export function checkTitle(check: CheckName, language: Language): string {
  return TITLES[check][language];
}

export function levelText(level: CheckLevel, language: Language): string {
  return LEVELS[level][language];
}

export function evidenceLabel(label: EvidenceLabel, language: Language): string {
  return LABELS[label][language];
}

/** `@word` is a word of the table, in the person's language; anything else stays. A cell that begins with @ and is no word is text. */
export function wordText(text: string, data: MessageData, language: Language): string {
  const word: Sentence | undefined = text.startsWith('@') ? (WORDS as Record<string, Sentence>)[text.slice(1)] : undefined;
  return word === undefined ? text : filled(word[language], data);
}

function filled(template: string, data: MessageData): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(data[name] ?? whole));
}

/** The whole report as plain text: for the clipboard. */
export function reportText(report: PreflightReport, language: Language): string {
  return [`${report.name} — ${report.recipe}`, ...report.findings.map((finding) => {
    const about = finding.subject === null ? '' : ` (${finding.subject})`;
    const table = finding.evidence === null ? [] : [finding.evidence.columns.map((label) => evidenceLabel(label, language)), ...finding.evidence.rows.map((cells) => cells.map((cell) => wordText(cell, {}, language)))];
    return [
      `${LEVEL_SIGNS[finding.level]} ${checkTitle(finding.check, language)}${about}: ${findingText(finding, language)}`,
      ...table.map((cells) => `    ${cells.map((cell) => cell.replaceAll('\n', '⏎')).join(' | ')}`),
      ...(finding.fix === null ? [] : [`    → ${fixText(finding.fix, language)}`]),
    ].join('\n');
  })].join('\n');
}
