/** What a sentence says about a number in it: that it is the answer, that it isn't, or only where the answer lies. */

export type Standing =
  | { readonly type: 'stated' }
  /** "not 5", 不是5. */
  | { readonly type: 'denied' }
  /** A range, a comparison, a guess. */
  | { readonly type: 'open' }
  /** "at least 5", 至少5: what a question for the least number asks for, and no answer to another. */
  | { readonly type: 'limit' }
  /** "5 or 6": the number before this one. */
  | { readonly type: 'alternative'; readonly other: string };

const NUMBER = String.raw`(?:[$¥€£]|\\\$)?-?\d[\d,]*(?:\.\d+)?(?:\/\d+)?(?:\s?\\?%)?`;
const NOUN = String.raw`\s?(?:[A-Za-z]{1,14}|[\u4e00-\u9fff]{1,4})?\s?`;
/** What may stand between such a word and its number: 至少需要, "at least about". */
const BETWEEN = String.raw`(?:\s|\$|\\\(|about\b|是|有|为|要|需要?|得|共|可以?|能)*`;

const DENIED_BEFORE = new RegExp(String.raw`(?:\b(?:not|never|cannot|neither|nor)|n[’']t)\s+(?:(?:be|equal(?:\s+to)?|exactly|simply|the|answer|number)\s+)*(?:\$|\\\()?$|(?<!是)(?:不(?:可能|一定|应该?|会|能)?(?:是|为|等于)|并非|绝非|而非)\s*(?:\$|\\\()?$|(?:≠|!=|\\neq?)\s*$`, 'i');
const DISBELIEVED_BEFORE = /(?:\bnot|n['’]t)\s+(?:think|believe)\b[^,;.]{0,40}$|不(?:认为|觉得)[^，。；]{0,15}$/i;
const DENIED_AFTER = new RegExp(String.raw`^${NOUN}(?:\$|\\\))?\s*(?:(?:is|was|are|can)(?:\s?not|n[’']t)\s+(?:be\s+)?(?:the|right|correct|possible|our|my|an?\s+(?:answer|solution))\b|is\s+(?:wrong|incorrect|impossible)\b|(?:并?不是|并非)(?:正确|最终|本题)?的?(?:答案|解)|是?(?:错误|不对|不正确|不可能)的?)`, 'i');
const LIMIT_BEFORE = new RegExp(String.raw`(?:\bat\s+(?:least|most)|\bno\s+(?:more|less|fewer|greater)\s+than|\bup\s+to|\b(?:a\s+)?(?:minimum|maximum)\s+of|不(?:止|超过|少于|多于|大于|小于|高于|低于|足)|至少|至多|最多|最少|(?:大于|小于)等?于|超过|少于|多于|大于|小于|高于|低于)${BETWEEN}$|(?:^|[\s$(])[A-Za-z]\s?(?:[<>]=?|≤|≥|\\(?:le|ge)(?:q|qslant)?|\\[lg]t)\s*$|(?:^|\b(?:is|be|are)\s+)(?:over|under|above|below)\s+(?:\$|\\\()?$`, 'i');
const LIMIT_AFTER = new RegExp(String.raw`^${NOUN}(?:\$|\\\))?\s*(?:or\s+(?:more|less|fewer|greater|above|below)\b|at\s+(?:least|most)\b|以上|以下|以内|不到|之内)`, 'i');
const COMPARED_BEFORE = new RegExp(String.raw`\b(?:more|less|fewer|greater|larger|higher|lower|smaller|bigger)\s+than${BETWEEN}$`, 'i');
const COMPARED_AFTER = new RegExp(String.raw`^${NOUN}(?:more|less|fewer|greater)\s+than\s+${NUMBER}`, 'i');
const GUESSED_BEFORE = /(?:\b(?:maybe|perhaps|possibly|might\s+be|could\s+be|may\s+be)|可能(?:是|为|有)|也许(?:是|为|有)?|或许(?:是|为|有)?)\s*(?:\$|\\\()?\s*$|(?:\bnot\s+(?:clear|sure|certain|know)|n['’]t\s+(?:clear|sure|certain|know))\b[^,;.]{0,40}$|不(?:知道|确定|清楚)[^，。；]{0,15}$/i;
const RANGE_BEFORE = new RegExp(String.raw`\b(?:between|anywhere\s+from)\s+${NUMBER}${NOUN}\s(?:and|to)\s+(?:\$|\\\()?$|介于\s?${NUMBER}${NOUN}(?:和|与|到|至|跟)\s?$`, 'i');
const RANGE_PAIR_BEFORE = new RegExp(String.raw`${NUMBER}${NOUN}(?:到|至|和|与|~|～|—|–|-)\s?$`);
const RANGE_PAIR_AFTER = /^\s?[\u4e00-\u9fff]{0,3}?(?:之间|中间|左右之间)/;
/** The whole statement is a range: "3 to 5", 3到5个. */
const ONLY_RANGE_BEFORE = new RegExp(String.raw`^\s*(?:(?:about|around|roughly|approximately|大约|大概|约)\s*)?${NUMBER}${NOUN}(?:to|到|至|~|～|—)\s*$`, 'i');
const OR_BEFORE = new RegExp(String.raw`(${NUMBER}${NOUN})[,，]?\s*(?:\bor(?:\s+(?:maybe|perhaps|possibly|even))?|或者?|还是|抑或)(?:\s|是|\$|\\\()*$`, 'i');
/** Of a line, before and after a number: no word that bears on the number stands further away. */
const NEAR = 90;

/** `before` and `after`: the rest of the sentence on either side of the number, without markdown. */
export function standingOf(before: string, after: string): Standing {
  const line = `${before.trimEnd()} `;
  const [left, right] = [line.slice(-NEAR), after.slice(0, NEAR)];
  const other = OR_BEFORE.exec(left)?.[1];
  if (other !== undefined) return { type: 'alternative', other };
  if (LIMIT_BEFORE.test(left) || LIMIT_AFTER.test(right)) return { type: 'limit' };
  if (GUESSED_BEFORE.test(left) || COMPARED_BEFORE.test(left) || COMPARED_AFTER.test(right) || RANGE_BEFORE.test(left) || ONLY_RANGE_BEFORE.test(line) || (RANGE_PAIR_BEFORE.test(left) && RANGE_PAIR_AFTER.test(right))) return { type: 'open' };
  if (DENIED_BEFORE.test(left) || DISBELIEVED_BEFORE.test(left) || DENIED_AFTER.test(right)) return { type: 'denied' };
  return { type: 'stated' };
}

/** Whether a question asks for a least or a most, so that an answer may say so, too. */
export function asksForLimit(question: string): boolean {
  return /\bat\s+(?:least|most)\b|\b(?:minimum|maximum|fewest|least|most|smallest|largest|greatest)\b|最多|最少|至少|至多|最大|最小|不超过/i.test(question.slice(0, 20_000));
}
