/** Sentences about training: objectives, stages, adapters, sweeps, backends that are set up. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TRAINING_ERRORS = {
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
  'reinforce-prompts-fill-model': {
    en: 'The stage {stage} has no room to write: prompts of the data have up to {prompt} tokens, and the student has {positions} positions. Shorten the prompts, or take a student with more positions.',
    'zh-cn': '阶段 {stage} 没有书写空间：数据中的问题最长 {prompt} 个词元，而学生模型只有 {positions} 个位置。请缩短问题，或换用位置数更多的学生模型。',
  },
  'recipe-not-with-attention': {
    en: '{path}: attention is matched over the whole of a sequence and from the inside of its blocks, which {key} changes or forgets. Set weights.attention to 0, or leave {key} out.',
    'zh-cn': '{path}：注意力匹配需要整段序列及各层内部的数值，而 {key} 会改变或丢弃它们。请将 weights.attention 设为 0，或去掉 {key}。',
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
