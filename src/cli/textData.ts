/** Texts of `distill data …`; see text.ts. */
export const DATA_TEXT = {
  data: ['make, look at and mend data: read, ask, verify, clean, augment, mix', '数据：读取、询问教师、验证、清洗、增强、混合'],

  eventRows: ['Stage {0}, {1} rows', '阶段 {0}，共 {1} 行'],
  collectDone: ['{0} {1}', '{0} {1}'],
  collectDoneOf: ['{0} {1}/{2}', '{0} {1}/{2}'],
  collectCached: ['{0} from the cache', '{0} 来自缓存'],
  collectFailed: ['{0} failed', '{0} 失败'],
  collectInFlight: ['{0} in flight', '{0} 进行中'],
  collectRate: ['{0}/s', '{0}/秒'],
  collectEnded: ['Stage {0}: {1} of {2} rows', '阶段 {0}：{2} 行中保留 {1} 行'],
  spendOf: ['{0} of {1}', '{0} / {1}'],
  spendTokens: ['{0} tokens', '{0} 词元'],
  partRead: ['reading', '读取'],
  partClean: ['cleaning', '清洗'],
  partAsk: ['asking', '询问'],
  partVerify: ['verifying', '验证'],
  partAugment: ['augmenting', '增强'],
  partMix: ['mixing', '混合'],
  partWrite: ['writing', '写入'],
} as const satisfies Record<string, readonly [english: string, chinese: string]>;
