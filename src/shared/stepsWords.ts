/**
 * The content words of a sentence, for comparing two of them: English words cut to their stem, Chinese as pairs of
 * characters (no dictionary needed, and a word of two characters is one pair), words of mathematics that say the same
 * thing mapped to one.
 */

const STOP_WORDS = new Set((
  'a an the this that these those it its i me my we us our you your he him his she her they them their who whom which what when where how why '
  + 'is am are was were be been being do does did done doing have has had having can could may might must shall should will would '
  + 'and or but nor so if then else than as at by for from in into of off on onto out over to up with without about between through after before '
  + 'not no yes yeah yep ok okay well hmm hm oh ah um let lets wait just also too very really quite actually maybe perhaps again still even only '
  + 'there here now first next second third finally lastly because since while though although however therefore thus hence '
  + 'need needs want know think see say says said get gets got go goes going make makes made sure right correct thing things way one '
  + 'im ive ill id dont doesnt didnt isnt arent wasnt cant wont thats whats heres theres youre youve theyre were weve '
  + 'frac text cdot left right boxed mathrm mathbf begin end'
).split(' '));

const SAME: Readonly<Record<string, string>> = Object.fromEntries(Object.entries({
  total: 'total altogether sum overall combined entire whole together',
  left: 'remaining remain remainder rest leftover',
  compute: 'calculate find determine figure work evaluate solve',
  multiply: 'times product multiplied multiplication',
  divide: 'divided quotient division ratio',
  subtract: 'minus subtracted subtraction difference',
  add: 'plus added addition',
  twice: 'double doubled doubles',
  number: 'amount count quantity many much',
  possible: 'option options choices choice',
  probability: 'chance likelihood odds',
  verify: 'check confirm validate recheck',
  start: 'begin initial initially originally original',
  answer: 'result solution',
}).flatMap(([word, others]) => [[word, word], ...others.split(' ').map((other) => [stem(other), word])]));

function stem(word: string): string {
  if (word.length <= 3) return word;
  const cut = word
    .replace(/(?:ational|ations?|ating|ated|ates?)$/, '')
    .replace(/(?:ing|edly|ed|ies|es|ly|s|e|y)$/, '');
  return cut.length >= 3 ? cut.slice(0, 8) : word.slice(0, 8);
}

const HAN_STOP = /[的了是在和与也都就还又再有这那个么吗呢吧啊嗯呃我你他她它们得着过把被让给对而且或但]/g;
const STOPS = new Set([...STOP_WORDS].map((word) => word.replaceAll(/['’]/g, '')));
const WORD = /[a-z]+(?:['’][a-z]+)?|[\u3400-\u9fff]+/g;

/** Content words, stemmed and mapped, in order, with repetitions. Numbers are left out. */
export function contentWords(text: string): string[] {
  const words: string[] = [];
  for (const [raw] of text.toLowerCase().matchAll(WORD)) {
    if (raw.charCodeAt(0) < 0x3400) {
      const word = raw.replace(/['’](?:s|re|ve|ll|d|m)$/, '').replaceAll(/['’]/g, '');
      if (STOPS.has(word)) continue;
      if (word.length === 1) {
        words.push(word);
        continue;
      }
      const cut = stem(word);
      words.push(SAME[word] ?? SAME[cut] ?? cut);
      continue;
    }
    for (const part of raw.split(HAN_STOP)) {
      if (part.length === 1) words.push(part);
      for (let i = 0; i + 1 < part.length; i++) words.push(part.slice(i, i + 2));
    }
  }
  return words;
}
