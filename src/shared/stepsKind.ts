/** What a step does in a chain of reasoning, from how it begins and what it holds. */

export type StepKind = 'calculation' | 'statement' | 'check' | 'conclusion';

const OPENING = String.raw`^[\s\-*>#"“'(]*(?:(?:so|and|but|oh|ah|hmm+|okay|ok|well|yeah|yes|no|嗯|哦|那|但|可|不过|好的?)[,，.。…\s—-]*)*`;
const CHECK = new RegExp(OPENING + String.raw`(?:wait|hold on|hang on|actually|alternatively|let me (?:just )?(?:double[- ]?check|check|verify|re-?check|re-?read|re-?think|re-?consider|see if|make sure|confirm|test)|let'?s (?:double[- ]?check|check|verify|confirm|test)|to (?:double[- ]?check|verify|check|confirm)|double[- ]?check|check(?:ing)?\b|verif|just to (?:be sure|make sure|confirm)|that(?:'s| is| can'?t be| doesn'?t| seems) (?:not |n't )?(?:right|wrong|make sense|off)|I (?:made|must have made|think I made) a mistake|on second thought|let me (?:try|approach|think about) (?:this |it )?(?:again|another|differently|a different)|等等|等一下|等下|且慢|不对|验算|验证|检验|检查|核对|再(?:仔细)?(?:检查|想|看|确认|算|核对)|让我(?:再)?(?:检查|验证|确认|核对|重新)|我(?:需要|得|要)?(?:再)?(?:检查|验证|确认|核对)|重新|或者|换(?:一)?种|另一种)`, 'i');
const CHECK_INSIDE = /\b(?:but wait|no, wait|wait, no|hold on|double[- ]check|that's (?:wrong|not right|incorrect))\b|等等|不对[，。]|验算一下|检查一下/i;
const CONCLUSION = new RegExp(OPENING + String.raw`(?:(?:therefore|thus|hence|consequently|in (?:conclusion|summary)|to summari[sz]e|putting (?:it|this) (?:all )?together|\**final answer|the (?:final )?answer)\b|因此|综上|总之|总结|最终|答案|由此可见)`, 'i');
const ANSWERS = /\\boxed|\banswer\s*(?:is|:|=|should be|must be|would be)|<answer>|答案(?:就?是|为|应该|：|:)|答：/i;

/** `calculates`: the step holds an equation whose left side has an operation. */
export function kindOf(text: string, calculates: boolean): StepKind {
  const head = text.slice(0, 160);
  if (ANSWERS.test(text)) return 'conclusion';
  if (CHECK.test(head) || CHECK_INSIDE.test(head)) return 'check';
  if (CONCLUSION.test(head)) return 'conclusion';
  return calculates ? 'calculation' : 'statement';
}
