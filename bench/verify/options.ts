/** Questions of LogiQA, and the ways in which a model names an option. */
export interface OptionItem {
  readonly gold: string;
  readonly options: readonly string[];
}

/** Eight lines an item: blank, the letter, passage, question, four options. */
export function logiqaItems(text: string): readonly OptionItem[] {
  const lines = text.split('\n');
  const items: OptionItem[] = [];
  for (let at = 0; at + 7 < lines.length; at += 8) {
    items.push({ gold: (lines[at + 1] ?? '').trim().toUpperCase(), options: lines.slice(at + 4, at + 8).map((line) => line.trim().replace(/^[A-D][.、．]\s*/, '')) });
  }
  return items.filter(({ gold }) => /^[A-D]$/.test(gold));
}

export function wordings(letter: string, options: readonly string[], language: 'en' | 'zh'): readonly string[] {
  const text = options[letter.charCodeAt(0) - 65] ?? '';
  // Two options with the same text can only be told by their letter.
  const byText = options.filter((option) => option === text).length === 1 ? [`${letter}. ${text}`, `(${letter}) ${text}`] : [];
  const bare = [letter, letter.toLowerCase(), `(${letter})`, `${letter}.`, `**${letter}**`, `\\boxed{${letter}}`, `\\boxed{\\text{${letter}}}`, `\\boxed{(${letter})}`, `$${letter}$`, `${letter})`];
  const said = language === 'en'
    ? [`The answer is ${letter}.`, `The correct answer is (${letter}).`, `Answer: ${letter}`, `**Answer:** ${letter}`, `Option A is not supported, and B says nothing of it.\n\nThe correct option is **${letter}**.`, `Final answer: (${letter})`, `So the answer is option ${letter}.`]
    : [`答案是${letter}。`, `答案：${letter}`, `选${letter}`, `故选${letter}。`, `正确答案是 (${letter})`, `A项不能推出，B项与题意无关。\n\n因此，正确答案为**${letter}**。`, `应选${letter}项`, `答案选${letter}`];
  return [...bare, ...said, ...byText];
}
