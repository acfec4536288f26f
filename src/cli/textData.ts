/** Texts of `distill data …`; see text.ts. */
export const DATA_TEXT = {
  data: ['make, look at and mend data: read, ask, verify, clean, augment, mix', '数据：读取、询问教师、验证、清洗、增强、混合'],
} as const satisfies Record<string, readonly [english: string, chinese: string]>;
