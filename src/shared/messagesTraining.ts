/** Sentences about training: objectives, stages, adapters, sweeps, backends that are set up. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TRAINING_ERRORS = {
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
} as const satisfies Record<string, Sentence>;

export const TRAINING_WARNINGS = {
  'entry-missed': {
    en: 'The stage {stage} would begin with {metric} at {value}, outside its entry ({bounds}).',
    'zh-cn': '阶段 {stage} 开始时 {metric} 为 {value}，不满足其入口条件（{bounds}）。',
  },
  'gate-missed-best': {
    en: 'The stage {stage} ended with {metric} at {value}, outside its gate ({bounds}): the run goes on with its best checkpoint, {checkpoint}.',
    'zh-cn': '阶段 {stage} 结束时 {metric} 为 {value}，未达到门限（{bounds}）：运行将从其最佳检查点 {checkpoint} 继续。',
  },
} as const satisfies Record<string, Sentence>;
