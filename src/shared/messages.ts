/**
 * The one table of sentences for everything that can go wrong or deserves a warning. The engine and the runs room speak
 * codes with data; the panel, the notifications and the command line all make their sentence here, so it is the same one.
 * `{name}` is filled from the data. Chinese stands beside English: one row, two languages, nothing to forget.
 * (Other texts of the extension go through vscode.l10n and l10n/bundle.l10n.zh-cn.json.)
 */
import type { MessageData } from './events.ts';
import { DATA_ERRORS, DATA_WARNINGS } from './messagesData.ts';
import { LOSS_ERRORS, LOSS_WARNINGS } from './messagesLosses.ts';
import { TEACHER_ERRORS, TEACHER_WARNINGS } from './messagesTeacher.ts';
import { TENSORFLOW_ERRORS } from './messagesTensorflow.ts';
import { TRAINING_ERRORS, TRAINING_WARNINGS } from './messagesTraining.ts';

export interface Sentence {
  readonly en: string;
  readonly 'zh-cn': string;
}

export const ERRORS = {
  ...DATA_ERRORS,
  ...TEACHER_ERRORS,
  ...TENSORFLOW_ERRORS,
  ...TRAINING_ERRORS,
  ...LOSS_ERRORS,
  unexpected: {
    en: 'The engine met an error that it does not know: {detail}. The whole text is in engine.log.',
    'zh-cn': '引擎遇到未知错误：{detail}。完整内容见 engine.log。',
  },
  'disk-full': {
    en: 'There is no room left on the disk for {path}. Free some space, then resume the run.',
    'zh-cn': '磁盘空间不足，无法写入 {path}。请清理空间后恢复运行。',
  },
  // The same where there is no run to go on with: what a command was writing.
  'disk-full-file': {
    en: 'There is no room left on the disk for {path}. Free some space, then do it again; what was there before is unchanged.',
    'zh-cn': '磁盘空间不足，无法写入 {path}。请清理空间后重试；原有文件未改变。',
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
  'model-folder-missing': {
    en: 'There is no model folder at {folder}. Give the path of a Hugging Face folder with config.json, model.safetensors and tokenizer.json.',
    'zh-cn': '{folder} 处没有模型文件夹。请给出包含 config.json、model.safetensors 和 tokenizer.json 的 Hugging Face 文件夹路径。',
  },
  'model-file-missing': {
    en: '{file} is missing. A model folder needs config.json, model.safetensors (or all its shards with model.safetensors.index.json) and tokenizer.json: copy or download it again.',
    'zh-cn': '缺少 {file}。模型文件夹需要 config.json、model.safetensors（或全部分片及 model.safetensors.index.json）和 tokenizer.json：请重新复制或下载。',
  },
  'model-file-malformed': {
    en: '{file} is damaged or not what its name says: {detail}. Copy or download it again.',
    'zh-cn': '{file} 已损坏或内容与文件名不符：{detail}。请重新复制或下载。',
  },
  'model-pickle-only': {
    en: '{file} is a pickle file: it can run any code and is never opened. Convert it where you trust it, with Python: AutoModelForCausalLM.from_pretrained("{folder}").save_pretrained("{folder}"), which writes model.safetensors.',
    'zh-cn': '{file} 是 pickle 文件，可能执行任意代码，因此不会被打开。请在可信环境中用 Python 转换：AutoModelForCausalLM.from_pretrained("{folder}").save_pretrained("{folder}")，会生成 model.safetensors。',
  },
  'model-folder-exists': {
    en: '{folder} exists and is not a model folder that may be replaced. Choose another name or move it away.',
    'zh-cn': '{folder} 已存在，且不是可替换的模型文件夹。请换一个名称或将其移走。',
  },
  'tensor-truncated': {
    en: '{file} ends before its tensor {tensor}: it should have {expected} bytes and has {found}. Copy or download it again.',
    'zh-cn': '{file} 在张量 {tensor} 处被截断：应有 {expected} 字节，实际 {found} 字节。请重新复制或下载。',
  },
  'tensor-missing': {
    en: '{file} has no tensor {tensor}, which config.json calls for. Take config.json and the weights from the same model.',
    'zh-cn': '{file} 中没有 config.json 所要求的张量 {tensor}。请使用同一模型的 config.json 与权重。',
  },
  'tensor-shape': {
    en: '{file}: tensor {tensor} is {found}, config.json calls for {expected}. Take config.json and the weights from the same model.',
    'zh-cn': '{file}：张量 {tensor} 的形状为 {found}，而 config.json 要求 {expected}。请使用同一模型的 config.json 与权重。',
  },
  'tensor-dtype': {
    en: '{file}: tensor {tensor} is {found}; this needs one of {allowed}. Save the model again as float32, bfloat16 or float16.',
    'zh-cn': '{file}：张量 {tensor} 的类型为 {found}，需要 {allowed} 之一。请将模型重新保存为 float32、bfloat16 或 float16。',
  },
  'config-unsupported': {
    en: '{file}: {field} is {value}, which the tfjs engine does not have (it has: {allowed}). Use another model of the Llama, Qwen2 or Qwen3 family.',
    'zh-cn': '{file}：{field} 为 {value}，tfjs 引擎不支持（支持：{allowed}）。请使用其他 Llama、Qwen2 或 Qwen3 系列的模型。',
  },
  'config-malformed': {
    en: '{file}: {field} is {value}, expected {allowed}.',
    'zh-cn': '{file}：{field} 为 {value}，应为 {allowed}。',
  },
  'layers-not-in-teacher': {
    en: 'Layer {layer} is not in the teacher, whose layers are 0 to {last}. Correct student.layers.',
    'zh-cn': '教师模型没有第 {layer} 层，其层号为 0 到 {last}。请更正 student.layers。',
  },
  'sequence-too-long': {
    en: 'A sequence of {length} tokens is longer than the {limit} positions of the model. Lower data.maxLength or evaluate.maxNewTokens.',
    'zh-cn': '序列长度 {length} 超过模型的 {limit} 个位置。请减小 data.maxLength 或 evaluate.maxNewTokens。',
  },
  'chat-template-missing': {
    en: '{folder} has no chat template (neither chat_template.jinja nor chat_template in tokenizer_config.json). Write data.template with a prompt and a completion in the recipe.',
    'zh-cn': '{folder} 没有对话模板（既无 chat_template.jinja，tokenizer_config.json 中也无 chat_template）。请在配方的 data.template 中写明 prompt 与 completion。',
  },
  'chat-template-failed': {
    en: 'The chat template of {folder} refused the messages: {detail}',
    'zh-cn': '{folder} 的对话模板拒绝了这些消息：{detail}',
  },
  'token-not-in-model': {
    en: 'Token {token} is not below the vocabulary size {vocabSize} of the model. Take the tokenizer and the model from the same folder.',
    'zh-cn': '词元 {token} 不小于模型词表大小 {vocabSize}。请使用同一文件夹的分词器与模型。',
  },
  'backend-unavailable': {
    en: 'No backend could be opened: {detail}. `distill doctor` shows what each of them needs.',
    'zh-cn': '没有可用的后端：{detail}。运行 `distill doctor` 查看各后端的要求。',
  },
  'out-of-memory': {
    en: 'The backend {backend} is out of memory: {wantedMiB} MiB more were asked for while tensors held {heldMiB} MiB. Make the batch or the longest sequence smaller and accumulate over more micro-batches.',
    'zh-cn': '后端 {backend} 内存不足：张量已占用 {heldMiB} MiB，又请求 {wantedMiB} MiB。请减小批大小或最大序列长度，并增加梯度累积次数。',
  },
  'loss-not-finite': {
    en: 'The loss or its gradient is not a finite number at step {step}. The rows of that batch are {rows}. Nothing of that step was kept; the last good checkpoint is {checkpoint}. Lower the learning rate or the clipping norm, or take a bad row out of the data.',
    'zh-cn': '第 {step} 步的损失或梯度不是有限数值。该批次的数据行：{rows}。这一步未写入权重；最近的完好存档为 {checkpoint}。请降低学习率或裁剪范数，或从数据中移除有问题的行。',
  },
  'nothing-supervised': {
    en: 'The rows {rows} have no token that is trained on: the prompt takes the whole length. Raise data.maxLength or take them out.',
    'zh-cn': '数据行 {rows} 没有可训练的词元：问题占满了全部长度。请增大 data.maxLength 或移除这些行。',
  },
  'no-training-rows': {
    en: 'The stage {stage} has no training rows. Check data.train, data.validation and data.maxLength.',
    'zh-cn': '阶段 {stage} 没有训练数据行。请检查 data.train、data.validation 与 data.maxLength。',
  },
  'metric-not-measured': {
    en: 'The stage {stage} watches {metric}, which it does not measure (it measures: {known}).',
    'zh-cn': '阶段 {stage} 关注的指标 {metric} 并未测量（已测量：{known}）。',
  },
  'recipe-syntax': {
    en: 'The recipe is not JSON here: {detail}.',
    'zh-cn': '此处不是合法的 JSON：{detail}。',
  },
  'recipe-key-twice': {
    en: '{path} is written twice; keep one.',
    'zh-cn': '{path} 重复出现；请只保留一个。',
  },
  'recipe-missing': {
    en: '{path} is missing.',
    'zh-cn': '缺少 {path}。',
  },
  'recipe-missing-value': {
    en: '{path} is missing; write one of: {allowed}.',
    'zh-cn': '缺少 {path}；可写：{allowed}。',
  },
  'recipe-not-object': {
    en: 'The recipe is {got}; it must be one object: { "format": 1, … }.',
    'zh-cn': '配方的内容为 {got}；应为一个对象：{ "format": 1, … }。',
  },
  'recipe-type': {
    en: '{path} is {got}; expected {expected}.',
    'zh-cn': '{path} 的值为 {got}；应为 {expected}。',
  },
  'recipe-value': {
    en: '{path} is {got}; allowed: {allowed}.',
    'zh-cn': '{path} 的值为 {got}；允许的值：{allowed}。',
  },
  'recipe-too-small': {
    en: '{path} is {got}; it must be {limit}.',
    'zh-cn': '{path} 的值为 {got}；必须 {limit}。',
  },
  'recipe-too-big': {
    en: '{path} is {got}; it must be {limit}.',
    'zh-cn': '{path} 的值为 {got}；必须 {limit}。',
  },
  'recipe-empty': {
    en: '{path} is empty ({got}); it needs at least one.',
    'zh-cn': '{path} 为空（{got}）；至少需要一个。',
  },
  'recipe-too-long': {
    en: '{path} is too long: {limit} characters at most.',
    'zh-cn': '{path} 过长：最多 {limit} 个字符。',
  },
  'recipe-format': {
    en: '{path} is {got}; it must look like {expected}.',
    'zh-cn': '{path} 的值为 {got}；格式应为 {expected}。',
  },
  'recipe-unknown-key': {
    en: '{path} is not known. Known here: {allowed}.',
    'zh-cn': '未知的键 {path}。此处可用：{allowed}。',
  },
  'recipe-unknown-key-near': {
    en: '{path} is not known. Did you mean "{nearest}"?',
    'zh-cn': '未知的键 {path}。是否想写 "{nearest}"？',
  },
  'recipe-student-form': {
    en: 'student has {got}; it needs exactly one of "model" (a folder), "new" (sizes) or "fromTeacher" with "layers".',
    'zh-cn': 'student 含有 {got}；必须且只能给出 "model"（文件夹）、"new"（尺寸）或 "fromTeacher" 加 "layers" 之一。',
  },
  'recipe-teacher-unknown': {
    en: '{path} "{name}" is not in teachers (have: {allowed}).',
    'zh-cn': '{path} 的 "{name}" 不在 teachers 中（现有：{allowed}）。',
  },
  'recipe-teacher-no-logits': {
    en: '{path} "{name}" is an API teacher: it gives texts, no logits and no layers. Name a local one (have: {allowed}).',
    'zh-cn': '{path} 的 "{name}" 是 API 教师：只提供文本，不提供 logits 和层。请改用本地教师（现有：{allowed}）。',
  },
  'recipe-teacher-missing': {
    en: '{path} is missing: the objective {objective} needs a local teacher. Add one to teachers, or set objective to "sequence".',
    'zh-cn': '缺少 {path}：目标 {objective} 需要本地教师。请在 teachers 中添加，或将 objective 设为 "sequence"。',
  },
  'recipe-teacher-which': {
    en: '{path} is missing, and there are several teachers; name one of {allowed}.',
    'zh-cn': '缺少 {path}，而教师不止一个；请指定其一：{allowed}。',
  },
  'recipe-sequence-has-no-teacher': {
    en: '{path} has no meaning with the objective "sequence", which is cross-entropy on the traces alone. Remove {key}, or set objective to "forward-kl".',
    'zh-cn': '目标 "sequence" 仅对轨迹做交叉熵，{path} 没有意义。请删除 {key}，或将 objective 设为 "forward-kl"。',
  },
  'recipe-weights-and-alpha': {
    en: '{path} and weights say the same thing twice; keep one (alpha is short for weights kl: alpha, ce: 1 − alpha).',
    'zh-cn': '{path} 与 weights 重复；请只保留一个（alpha 即 weights kl: alpha, ce: 1 − alpha 的简写）。',
  },
  'recipe-weights-zero': {
    en: '{path} are all 0: there is no loss to train on.',
    'zh-cn': '{path} 全为 0：没有可训练的损失。',
  },
  'recipe-teacher-and-teachers': {
    en: '{path} and teachers say the same thing twice; keep one.',
    'zh-cn': '{path} 与 teachers 重复；请只保留一个。',
  },
  'recipe-mixture-only-divergence': {
    en: '{path} needs one teacher’s logits, and several teachers are a mean of probabilities at each temperature. Remove it, or name one teacher.',
    'zh-cn': '{path} 需要单个教师的 logits，而多教师是各温度下概率的平均。请删除它，或只指定一位教师。',
  },
  'recipe-targets-no-mse': {
    en: '{path} compares all logits, and the store of targets keeps the most probable only. Remove targets, or give MSE no weight.',
    'zh-cn': '{path} 需要全部 logits，而 targets 只保存概率最高的部分。请删除 targets，或将 MSE 权重设为 0。',
  },
  'recipe-gate-empty': {
    en: '{path} needs min, max or both.',
    'zh-cn': '{path} 需要 min、max 或两者。',
  },
  'recipe-nothing-to-watch': {
    en: '{path} watches a validation metric, but data.validation is 0.',
    'zh-cn': '{path} 要查看验证指标，但 data.validation 为 0。',
  },
  'recipe-nothing-to-evaluate': {
    en: '{path} has nothing to evaluate on: data.validation is 0 and there is no data.test.',
    'zh-cn': '{path} 没有可评估的数据：data.validation 为 0 且没有 data.test。',
  },
  'recipe-nothing-to-train': {
    en: 'data.validation and data.test hold out {held} of the rows together: nothing is left to train on.',
    'zh-cn': 'data.validation 与 data.test 共留出 {held} 的数据：没有剩余数据可训练。',
  },
  'recipe-no-test-split': {
    en: '{path} is "test", but data.test is missing. Give a file or a share, or evaluate on "validation".',
    'zh-cn': '{path} 为 "test"，但缺少 data.test。请给出文件或比例，或改用 "validation"。',
  },
  'recipe-stage-twice': {
    en: '{path}: another stage is called "{name}" as well. Give each a name of its own.',
    'zh-cn': '{path}：已有名为 "{name}" 的阶段。请为每个阶段取不同的名字。',
  },
  'recipe-stage-twice-unnamed': {
    en: '{path} is missing: a stage without a name is called by its type, and another one is called "{name}" already. Give one of them a "name".',
    'zh-cn': '缺少 {path}：未命名的阶段以其类型为名，而已有名为 "{name}" 的阶段。请为其中之一写上 "name"。',
  },
  'recipe-engine-torch': {
    en: '{path} "torch" is not here yet; this version has "tfjs".',
    'zh-cn': '{path} 的 "torch" 尚不可用；此版本支持 "tfjs"。',
  },
  'recipe-path-escapes': {
    en: '{path} is {got}, which leaves the project’s folder. Put the files inside it, or write the absolute path.',
    'zh-cn': '{path} 为 {got}，超出了项目文件夹。请把文件放入项目内，或写绝对路径。',
  },
  'recipe-heads': {
    en: '{path} is {heads}, which does not divide hidden_size {width}. Choose another number, or give head_dim.',
    'zh-cn': '{path} 为 {heads}，不能整除 hidden_size {width}。请更改，或给出 head_dim。',
  },
  'recipe-head-odd': {
    en: '{path} makes heads of width {headDim}; rotary positions need an even width.',
    'zh-cn': '{path} 使头宽为 {headDim}；旋转位置编码需要偶数。',
  },
  'recipe-kv-heads': {
    en: '{path} is {kv}, which does not divide num_attention_heads {heads}.',
    'zh-cn': '{path} 为 {kv}，不能整除 num_attention_heads {heads}。',
  },
  'recipe-no-tokenizer': {
    en: '{path} is missing: a new student needs a tokenizer, and there is no local teacher to take it from.',
    'zh-cn': '缺少 {path}：新学生模型需要分词器，而没有可借用的本地教师。',
  },
  'recipe-longer-than-model': {
    en: '{path} is {longest}, longer than the model’s max_position_embeddings {positions}.',
    'zh-cn': '{path} 为 {longest}，超过模型的 max_position_embeddings {positions}。',
  },
  'recipe-template-mark': {
    en: '{path} has no {mark} in it.',
    'zh-cn': '{path} 中没有 {mark}。',
  },
  'recipe-field-cut-twice': {
    en: '{path} has both "before" and "after"; keep one.',
    'zh-cn': '{path} 同时有 "before" 和 "after"；请只保留一个。',
  },
  'engine-incomplete': {
    en: 'The engine’s file {file} is missing. Install the extension again, or run npm run build.',
    'zh-cn': '引擎文件 {file} 缺失。请重新安装扩展，或运行 npm run build。',
  },
  'path-escapes': {
    en: 'The recipe’s path {path} leaves the project’s folder {folder}. Put the files inside it, or write the absolute path.',
    'zh-cn': '配方中的路径 {path} 超出了项目文件夹 {folder}。请把文件放入项目内，或写绝对路径。',
  },
  'tokenizer-without-end': {
    en: 'The tokenizer in {folder} names no end token, so a student would never learn to stop. Add eos_token to tokenizer_config.json or eos_token_id to generation_config.json.',
    'zh-cn': '{folder} 的分词器没有结束词元，学生将学不会停止。请在 tokenizer_config.json 中添加 eos_token，或在 generation_config.json 中添加 eos_token_id。',
  },
  'traces-unreadable': {
    en: '{file} line {line} is not JSON of one row a prompt (a JSON array, or one object a line): {detail}',
    'zh-cn': '{file} 第 {line} 行不是“每题一行”的 JSON（JSON 数组，或每行一个对象）：{detail}',
  },
  'traces-no-text': {
    en: '{file} row {line} has no text under a known name (known: {known}; have: {have}).',
    'zh-cn': '{file} 第 {line} 行没有已知名称的文本（已知：{known}；现有：{have}）。',
  },
  'traces-lengths': {
    en: '{teacher} has {teacherRows} rows and {student} has {studentRows}: both must hold the same prompts in the same order.',
    'zh-cn': '{teacher} 有 {teacherRows} 行，{student} 有 {studentRows} 行：两者须按相同顺序包含相同的题目。',
  },
  'traces-none': {
    en: 'The run {run} has no traces yet: they are written when it evaluates.',
    'zh-cn': '运行 {run} 还没有轨迹：评估时才会写入。',
  },
  'traces-no-example': {
    en: 'There is no example {example} (have {count}: {first} … {last}).',
    'zh-cn': '没有示例 {example}（共 {count} 个：{first} … {last}）。',
  },
  'trace-broken': {
    en: 'The trace {id} cannot be read from {file} at byte {offset}: the file was changed or cut.',
    'zh-cn': '无法从 {file} 第 {offset} 字节读取轨迹 {id}：文件已被修改或截断。',
  },
  'tokenizers-differ': {
    en: 'The teacher "{teacher}" and the student ({student}) cut text into different tokens, so their logits cannot be compared. At "{text}" the student has {mine}, the teacher {theirs}. Take a student with the teacher’s tokenizer, set weights.uld above 0 and weights.kl to 0 (it compares pieces of text), or take the objective "sequence".',
    'zh-cn': '教师 "{teacher}" 与学生（{student}）的分词不同，无法比较 logits。在 "{text}" 处学生为 {mine}，教师为 {theirs}。请使用与教师相同分词器的学生，或令 weights.uld 大于 0 并将 weights.kl 设为 0（按文本片段比较），或将目标设为 "sequence"。',
  },
  'slim-too-wide': {
    en: 'The student asks for {what} {wanted}, and its teacher has {have}: a student is cut from its teacher, so it can only be narrower.',
    'zh-cn': '学生要求 {what} 为 {wanted}，而教师只有 {have}：学生由教师裁剪而来，只能更窄。',
  },
  'layer-pair-unknown': {
    en: 'The layer pair {pair} [teacher, student] does not exist: the teacher has {teacher} layers, the student {student}. Correct hidden.layers or attention.layers.',
    'zh-cn': '层对 {pair}（[教师, 学生]）不存在：教师有 {teacher} 层，学生有 {student} 层。请修正 hidden.layers 或 attention.layers。',
  },
  'preflight-failed': {
    en: 'The check of {recipe} ended before it had a result: {detail}',
    'zh-cn': '对 {recipe} 的检查未得出结果就结束了：{detail}',
  },
  'tokenizers-differ-on-policy': {
    en: 'The teacher "{teacher}" and the student ({student}) cut text into different tokens, so it cannot score what the student writes (onPolicy). At "{text}" the student has {mine}, the teacher {theirs}. Name a teacher with the student’s tokens, or take onPolicy out and then set weights.uld above 0 and weights.kl to 0 (it compares pieces of text), or take the objective "sequence".',
    'zh-cn': '教师 "{teacher}" 与学生（{student}）的分词不同，无法为学生写出的内容（onPolicy）评分。在 "{text}" 处学生为 {mine}，教师为 {theirs}。请指定与学生词元相同的教师；或删除 onPolicy，再令 weights.uld 大于 0 并将 weights.kl 设为 0（按文本片段比较），或将目标设为 "sequence"。',
  },
  'tokenizers-differ-several': {
    en: 'The teachers {teachers} cut text into other tokens than the student ({student}), so their logits cannot be compared: {details}. Take a student with their tokenizer, or the objective "sequence"; `distill check` shows each of them.',
    'zh-cn': '教师 {teachers} 与学生（{student}）的分词不同，无法比较 logits：{details}。请使用与它们相同分词器的学生，或将目标设为 "sequence"；`distill check` 会逐一列出。',
  },
  'stopped-by-gate': {
    en: 'The stage {stage} missed its gate, so the stages after it were not run.',
    'zh-cn': '阶段 {stage} 未通过其门槛，后续阶段未执行。',
  },
  'recipe-gate-needs-evaluate': {
    en: '{path} is measured by an evaluation, but the recipe has no stage of type "evaluate".',
    'zh-cn': '{path} 由评估得出，但配方中没有 "evaluate" 阶段。',
  },
} as const satisfies Record<string, Sentence>;

export const WARNINGS = {
  'loss-term-dead': {
    en: 'At step {step} the term {term} of the stage {stage} has {share} of the gradient: its weight does nothing. Raise weights.{term}, or drop the term.',
    'zh-cn': '第 {step} 步，阶段 {stage} 的损失项 {term} 仅占梯度的 {share}：其权重不起作用。请调大 weights.{term}，或去掉该项。',
  },
  'loss-term-exploded': {
    en: 'At step {step} the gradient of the term {term} of the stage {stage} is {times} times what it was before. Look at the rows of that step, lower the learning rate, or lower weights.{term}.',
    'zh-cn': '第 {step} 步，阶段 {stage} 的损失项 {term} 的梯度是之前的 {times} 倍。请检查该步的数据行、降低学习率，或调小 weights.{term}。',
  },
  ...DATA_WARNINGS,
  ...TEACHER_WARNINGS,
  ...TRAINING_WARNINGS,
  ...LOSS_WARNINGS,
  'backend-passed-over': {
    en: 'The backend {backend} was passed over: {detail}',
    'zh-cn': '已跳过后端 {backend}：{detail}',
  },
  'checkpoint-broken': {
    en: 'The checkpoint {name} is not whole ({detail}); the one before it is taken.',
    'zh-cn': '存档 {name} 不完整（{detail}），将使用上一个存档。',
  },
  'gate-missed': {
    en: 'The stage {stage} ended with {metric} at {value}, outside its gate ({bounds}).',
    'zh-cn': '阶段 {stage} 结束时 {metric} 为 {value}，未达到门限（{bounds}）。',
  },
  'evaluation-without-gold': {
    en: 'None of the {examples} evaluation prompts has a reference answer: accuracy is unknown. Say in data.fields which field holds it (gold).',
    'zh-cn': '{examples} 个评估问题都没有标准答案：无法计算准确率。请在 data.fields.gold 中指明其字段。',
  },
} as const satisfies Record<string, Sentence>;

export type ErrorCode = keyof typeof ERRORS;
export type WarningCode = keyof typeof WARNINGS;
export type Language = keyof Sentence;

/** The sentence of a code in a language, its `{name}`s filled; an unknown code (of a newer engine) is shown as it is. */
export function sentence(code: ErrorCode | WarningCode, data: MessageData, language: Language): string {
  const row: Sentence | undefined = (ERRORS as Record<string, Sentence>)[code] ?? (WARNINGS as Record<string, Sentence>)[code];
  const written = row?.[language] ?? `${code} ${JSON.stringify(data)}`;
  // Formats without lines (Parquet, a JSON array) name the row; Chinese has one word for both.
  const template = data['unit'] === 'row' ? written.replace('line {line}', 'row {line}') : written;
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const text = String(data[name] ?? whole);
    return code === 'recipe-type' && name === 'expected' ? kindsText(text, language) : text;
  });
}

/** Kinds of values as the schema library calls them, in words of people. */
const KINDS: Readonly<Record<string, Sentence>> = {
  string: { en: 'text in double quotes', 'zh-cn': '双引号中的文本' },
  number: { en: 'a number', 'zh-cn': '数字' },
  int: { en: 'a whole number', 'zh-cn': '整数' },
  boolean: { en: 'true or false', 'zh-cn': 'true 或 false' },
  array: { en: 'a list […]', 'zh-cn': '列表 […]' },
  object: { en: 'an object {…}', 'zh-cn': '对象 {…}' },
  record: { en: 'an object {…}', 'zh-cn': '对象 {…}' },
};

/** `number | array` → a number or a list […]; what is no kind is a value and stays as it is. */
function kindsText(expected: string, language: Language): string {
  const kinds = expected.split(' | ').map((kind) => KINDS[kind]?.[language] ?? kind);
  return [...new Set(kinds)].join(language === 'zh-cn' ? ' 或 ' : ' or ');
}

/** An error with a code: thrown anywhere, shown through `sentence`. */
export class DistillError extends Error {
  constructor(readonly code: ErrorCode, readonly data: MessageData, options?: ErrorOptions) {
    super(sentence(code, data, 'en'), options);
    this.name = 'DistillError';
  }
}

/** The sentence of an error that ended a command and no run: nothing is there that could be resumed. */
export function sentenceOutsideRun({ code, data }: DistillError, language: Language): string {
  return sentence(code === 'disk-full' ? 'disk-full-file' : code, data, language);
}
