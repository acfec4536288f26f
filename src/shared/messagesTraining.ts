/** Sentences about training: objectives, stages, adapters, sweeps, backends that are set up. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TRAINING_ERRORS = {
  'recipe-select-one-sample': {
    en: 'select chooses among the samples of a question, and this stage asks for one of each. Set ask.samples to 2 or more, or remove select.',
    'zh-cn': 'select 在同一题的多个样本中选择，而该阶段每题只请求一个。请将 ask.samples 设为 2 或更大，或删除 select。',
  },
  'recipe-select-no-logprobs': {
    en: 'select.logprob weighs log-probabilities that nobody asks for. Set ask.sampling.topLogprobs to 1 or more, or select.logprob to 0.',
    'zh-cn': 'select.logprob 要计入对数概率，但并未请求。请将 ask.sampling.topLogprobs 设为 1 或更大，或将 select.logprob 设为 0。',
  },
  'data-row-weight': {
    en: '{file}:{line}: weight is {got}; it has to be a number greater than 0. To leave a row out, remove it or reject it in Review Data.',
    'zh-cn': '{file}:{line}：weight 为 {got}，必须是大于 0 的数。若要排除该行，请将其删除，或在“审阅数据”中拒绝。',
  },
  'precision-unavailable': {
    en: 'The stage {stage} asks for {precision} products, and the backend {backend} computes in float32 only. Set up native TensorFlow (distill setup tensorflow), or set precision to "float32".',
    'zh-cn': '阶段 {stage} 要求以 {precision} 计算乘积，而后端 {backend} 只支持 float32。请安装本机 TensorFlow（distill setup tensorflow），或将 precision 设为 "float32"。',
  },
  'recipe-precision-backend': {
    en: '{path}: {precision} products need native TensorFlow, and engine.backend is "{backend}", which computes in float32 only. Set precision to "float32", or engine.backend to "auto" or "tensorflow".',
    'zh-cn': '{path}：以 {precision} 计算乘积需要本机 TensorFlow，而 engine.backend 为 "{backend}"，只支持 float32。请将 precision 设为 "float32"，或将 engine.backend 设为 "auto" 或 "tensorflow"。',
  },
  'recipe-loss-scale-alone': {
    en: '{path}: only float16 has a loss scale. Set precision to "float16", or leave lossScale out.',
    'zh-cn': '{path}：只有 float16 使用损失缩放。请将 precision 设为 "float16"，或去掉 lossScale。',
  },
  'recipe-on-policy-no-teacher': {
    en: 'onPolicy lets a teacher score what the student writes, and this stage compares with none. Give weights.kl a weight and name a local teacher, or remove onPolicy.',
    'zh-cn': 'onPolicy 由教师为学生所写内容评分，而该阶段没有与任何教师比较。请为 weights.kl 设置权重并指定本地教师，或删除 onPolicy。',
  },
  'recipe-on-policy-vocabulary': {
    en: 'onPolicy needs a teacher of the student’s own vocabulary to score each token that the student writes; weights.uld is for a teacher of another one. Take a teacher with the same tokenizer and weights.kl, or remove onPolicy.',
    'zh-cn': 'onPolicy 需要与学生词表相同的教师来为学生写出的每个词元评分；weights.uld 用于另一词表的教师。请改用相同分词器的教师与 weights.kl，或删除 onPolicy。',
  },
  'recipe-on-policy-stored': {
    en: 'targets asks the teacher once about the data’s own completions; what the student writes with onPolicy is not among them. Remove targets (the teacher then runs beside the student), or onPolicy.',
    'zh-cn': 'targets 只就数据自带的回答询问教师一次；onPolicy 中学生所写内容不在其中。请删除 targets（教师将与学生同时运行），或删除 onPolicy。',
  },
  'recipe-sweep-empty': {
    en: 'sweep.values names nothing. Name a value of the recipe and what it may be: { "stages.train.temperature": [1, 2, 4] }.',
    'zh-cn': 'sweep.values 为空。请写出配方中的某个值及其取值：{ "stages.train.temperature": [1, 2, 4] }。',
  },
  'recipe-sweep-path': {
    en: 'sweep.values: "{name}" is no value of this recipe: "{at}" is not known there. Known: {allowed}.',
    'zh-cn': 'sweep.values："{name}" 不是此配方中的值：其中 "{at}" 未知。可用：{allowed}。',
  },
  'recipe-sweep-path-near': {
    en: 'sweep.values: "{name}" is no value of this recipe: "{at}" is not known there. Did you mean "{nearest}"?',
    'zh-cn': 'sweep.values："{name}" 不是此配方中的值：其中 "{at}" 未知。是否想写 "{nearest}"？',
  },
  'recipe-sweep-twice': {
    en: 'sweep.values: "{name}" and "{other}" are the same value, or one is part of the other. Keep one of them.',
    'zh-cn': 'sweep.values："{name}" 与 "{other}" 是同一个值，或其一包含另一个。请只保留一个。',
  },
  'recipe-sweep-left-out': {
    en: 'sweep.values: "{name}" is of a stage that runs of a sweep leave out ({type}). Collect the data before the sweep, and export the best run after it.',
    'zh-cn': 'sweep.values："{name}" 属于搜索中不执行的阶段（{type}）。请先收集数据，并在搜索之后导出最佳结果。',
  },
  'recipe-sweep-range': {
    en: '{path} goes from {from} to {from}: that is one value. Write another end, or remove it.',
    'zh-cn': '{path} 的两端均为 {from}，只有一个值。请修改一端，或将其删除。',
  },
  'recipe-sweep-log': {
    en: '{path} goes from {from} to {to}: a logarithmic range needs both above 0.',
    'zh-cn': '{path} 从 {from} 到 {to}：等比范围的两端都须大于 0。',
  },
  'recipe-sweep-steps': {
    en: '{path} needs "steps", the number of values: a grid goes through all of them. ("order": "random" draws from the range itself.)',
    'zh-cn': '{path} 需要 "steps"（取值个数）：grid 会逐一遍历。（"order": "random" 则直接从范围中抽取。）',
  },
  'recipe-sweep-runs': {
    en: 'A random sweep needs "runs": how many settings are drawn.',
    'zh-cn': '随机搜索需要 "runs"：抽取多少组取值。',
  },
  'recipe-sweep-runs-grid': {
    en: '{path} belongs to "order": "random"; a grid makes a run of every combination. Remove it, or draw at random.',
    'zh-cn': '{path} 仅用于 "order": "random"；grid 会运行每一种组合。请删除它，或改为随机抽取。',
  },
  'recipe-sweep-too-many': {
    en: 'The sweep would make {count} runs; {limit} are the most. Take fewer values, or "order": "random" with "runs".',
    'zh-cn': '此搜索将产生 {count} 次运行，上限为 {limit}。请减少取值，或使用 "order": "random" 与 "runs"。',
  },
  'recipe-sweep-stop-metric': {
    en: '{metric} is measured at the end of a run only. Name a validation metric by which runs are stopped early: "stopEarly": { "metric": "validation/ce" }.',
    'zh-cn': '{metric} 仅在运行结束时测量。请指定用于提前停止的验证指标："stopEarly": { "metric": "validation/ce" }。',
  },
  'recipe-sweep-metric-moves': {
    en: '{path}: {metric} is itself changed by "{name}", so that runs can’t be compared by it. Compare by validation/ce, validation/tokenAccuracy or evaluation/accuracy.',
    'zh-cn': '{path}："{name}" 会改变 {metric} 本身，无法据此比较各次运行。请改用 validation/ce、validation/tokenAccuracy 或 evaluation/accuracy。',
  },
  'sweep-not-found': {
    en: 'There is no sweep in {path}: sweep.json is missing.',
    'zh-cn': '{path} 中没有搜索：缺少 sweep.json。',
  },
  'sweep-unreadable': {
    en: '{path} is not the sweep.json of this version: {detail}',
    'zh-cn': '{path} 不是此版本的 sweep.json：{detail}',
  },
  'sweep-busy': {
    en: 'The sweep {sweep} is already at work: process {pid} on {host}. Stop it first.',
    'zh-cn': '搜索 {sweep} 正在进行：{host} 上的进程 {pid}。请先停止它。',
  },
  'sweep-none-ran': {
    en: 'The first {count} runs of the sweep all failed before they had measured anything, so the rest was not started. The last one: {detail}',
    'zh-cn': '搜索的前 {count} 次运行均在测量之前失败，其余未启动。最后一次的原因：{detail}',
  },
  'stopped-behind': {
    en: 'Stopped by its sweep at step {step}: its best {metric}, {best}, is behind the median of the completed runs, {median}.',
    'zh-cn': '在第 {step} 步被搜索停止：其最佳 {metric} 为 {best}，落后于已完成运行的中位数 {median}。',
  },
  'recipe-reinforce-group': {
    en: '{path} is {samples}: a completion is only better or worse than others of its group. Set it to 2 or more; 8 is usual.',
    'zh-cn': '{path} 为 {samples}：回答的好坏是与同组其他回答相比而言。请设为 2 或更大，常用 8。',
  },
  'recipe-reinforce-no-reward': {
    en: '{path} gives every part of the reward the weight 0: there is nothing to reinforce. Give answer, format or length a weight.',
    'zh-cn': '{path} 中各项奖励的权重均为 0：没有可强化的内容。请为 answer、format 或 length 设置权重。',
  },
  'recipe-reinforce-length': {
    en: 'rewards.length has a weight and the stage doesn’t say which lengths are short. Set {path} to {"from": TOKENS WITHOUT LOSS, "to": TOKENS WITH NOTHING LEFT}.',
    'zh-cn': 'rewards.length 设有权重，但该阶段未说明何为短。请将 {path} 设为 {"from": 不扣分的词元数, "to": 扣完的词元数}。',
  },
  'recipe-reinforce-length-shape': {
    en: '{path}: from ({from}) has to be smaller than to ({to}).',
    'zh-cn': '{path}：from（{from}）必须小于 to（{to}）。',
  },
  'reinforce-without-reference': {
    en: 'The stage {stage} rewards right answers, and none of the {rows} training rows has an answer to compare with. Name its field in data.fields.gold (or answer), or set rewards.answer to 0.',
    'zh-cn': '阶段 {stage} 奖励正确答案，但 {rows} 行训练数据均没有可对照的答案。请在 data.fields.gold（或 answer）中指明其字段，或将 rewards.answer 设为 0。',
  },
  'recipe-packing-attention': {
    en: '{path}: attention is matched over the whole of a sequence, and packing puts several rows into one. Set weights.attention to 0, or leave packing out.',
    'zh-cn': '{path}：注意力匹配针对完整的一条序列，而 packing 会把多行拼入同一序列。请将 weights.attention 设为 0，或去掉 packing。',
  },
  'recipe-checkpointing-attention': {
    en: '{path}: attention is matched by the scores inside the blocks, which gradientCheckpointing doesn’t keep. Set weights.attention to 0, or leave gradientCheckpointing out.',
    'zh-cn': '{path}：注意力匹配需要各层内部的注意力分数，而 gradientCheckpointing 不保留它们。请将 weights.attention 设为 0，或去掉 gradientCheckpointing。',
  },
  'recipe-gate-crossed': {
    en: '{path} is {min}, above max ({max}): no value lies between them.',
    'zh-cn': '{path} 为 {min}，大于 max（{max}）：没有任何值能同时满足。',
  },
  'stopped-at-entry': {
    en: 'The stage {stage} was not begun, because the model missed its entry. Train the stages before it longer, or change its entry and run it with changes.',
    'zh-cn': '模型未满足阶段 {stage} 的入口条件，该阶段未开始。请延长之前阶段的训练，或修改入口条件后再运行。',
  },
  'adapter-missing': {
    en: '{folder} is no adapter: adapter_config.json is missing. Name a folder that PEFT’s save_pretrained, or an export stage with "adapter": true, has written.',
    'zh-cn': '{folder} 不是适配器：缺少 adapter_config.json。请给出由 PEFT 的 save_pretrained 或带 "adapter": true 的导出阶段写出的文件夹。',
  },
  'adapter-unsupported': {
    en: '{file}: {field} is {value}, which is not built here ({allowed} is). Merge the adapter into its model with PEFT (merge_and_unload), and start from that.',
    'zh-cn': '{file}：{field} 为 {value}，此处不支持（支持 {allowed}）。请先用 PEFT 的 merge_and_unload 合并到模型，再以其为起点。',
  },
  'adapter-needs-base': {
    en: '{folder} has an adapter and no model; it was made for {base}. Name both: {"model": FOLDER OF THE BASE, "adapter": "{folder}"}.',
    'zh-cn': '{folder} 只有适配器而没有模型；它是为 {base} 训练的。请同时给出二者：{"model": 基础模型文件夹, "adapter": "{folder}"}。',
  },
  'adapter-base-changed': {
    en: 'The adapter in {folder} was trained beside other weights than {base} has now. Put the model back that it was trained on.',
    'zh-cn': '{folder} 中的适配器所依据的权重与 {base} 现有的不同。请恢复训练时所用的模型。',
  },
  'freeze-matches-nothing': {
    en: '"{pattern}" in freeze matches no weight of the student. It may be one of: {allowed}.',
    'zh-cn': 'freeze 中的 "{pattern}" 未匹配到学生的任何权重。可用：{allowed}。',
  },
  'freeze-leaves-nothing': {
    en: 'freeze ({patterns}) leaves nothing to train. Take something off the list.',
    'zh-cn': 'freeze（{patterns}）冻结了全部权重，没有可训练的部分。请从列表中去掉一些。',
  },
  'slim-heads': {
    en: 'A student of {wanted} query heads beside {kv} key-value heads would serve them unequally. Set student.num_attention_heads to a multiple of {kv}, at most {most}.',
    'zh-cn': '{wanted} 个查询头无法平均分给 {kv} 个键值头。请将 student.num_attention_heads 设为 {kv} 的倍数，最多 {most}。',
  },
  'recipe-lora-and-freeze': {
    en: 'A stage with lora changes none of the student’s own weights: freeze has nothing to add. Leave it out, or choose the projections with lora.targets.',
    'zh-cn': '带 lora 的阶段不改变学生自身的任何权重，freeze 没有意义。请去掉它，或用 lora.targets 选择投影。',
  },
  'recipe-export-no-adapter': {
    en: 'There is no adapter to write here: the stage that trains before it has no lora (a stage without lora merges the adapter). Put lora into that stage, or leave "adapter" out to write the whole model.',
    'zh-cn': '此处没有可写出的适配器：之前的训练阶段没有 lora（不带 lora 的阶段会先合并适配器）。请为该阶段加上 lora，或去掉 "adapter" 以写出完整模型。',
  },
  'recipe-adapter-int8': {
    en: 'An adapter has no int8 form. Write it as float32, bfloat16 or float16, or leave "adapter" out to write the merged model as int8.',
    'zh-cn': '适配器没有 int8 形式。请写成 float32、bfloat16 或 float16，或去掉 "adapter" 以 int8 写出合并后的模型。',
  },
} as const satisfies Record<string, Sentence>;

export const TRAINING_WARNINGS = {
  'step-not-recorded': {
    en: 'The steps of stage {stage} are computed operation by operation, which is slower, because a function can’t hold them: {reason}. The losses are the same; "compile": "off" leaves the attempt out.',
    'zh-cn': '阶段 {stage} 的训练步骤将逐个运算执行（较慢），因为无法录制为一个函数：{reason}。损失不变；设 "compile": "off" 可不再尝试。',
  },
  'reinforce-rows-without-reference': {
    en: 'The stage {stage} leaves out {rows} of {all} rows: they have no answer to compare with.',
    'zh-cn': '阶段 {stage} 略过 {all} 行中的 {rows} 行：它们没有可对照的答案。',
  },
  'reinforce-all-the-same': {
    en: 'The stage {stage} learnt nothing in step {step}: within every group all completions had the same reward. If that goes on, the prompts are too hard or too easy for the student; train it longer before, raise temperature or samples, or choose other prompts.',
    'zh-cn': '阶段 {stage} 在第 {step} 步没有学到任何东西：每组内所有回答的奖励都相同。若持续如此，说明题目对学生过难或过易；请先延长之前的训练，提高 temperature 或 samples，或更换题目。',
  },
  'entry-missed': {
    en: 'The stage {stage} would begin with {metric} at {value}, outside its entry ({bounds}).',
    'zh-cn': '阶段 {stage} 开始时 {metric} 为 {value}，不满足其入口条件（{bounds}）。',
  },
  'gate-missed-best': {
    en: 'The stage {stage} ended with {metric} at {value}, outside its gate ({bounds}): the run goes on with its best checkpoint, {checkpoint}.',
    'zh-cn': '阶段 {stage} 结束时 {metric} 为 {value}，未达到门限（{bounds}）：运行将从其最佳检查点 {checkpoint} 继续。',
  },
} as const satisfies Record<string, Sentence>;
