/**
 * Where two ways of cutting one text into tokens meet. Tokens of both sides are grouped until they end at the same place: the
 * smallest pieces of text that both sides have whole tokens for. (GOLD's alignment, Patiño et al. 2025, "Unlocking on-policy
 * distillation for any model family", section "Sequence alignment".)
 */

/**
 * Four numbers a span: first token and number of tokens on one side, then on the other.
 * `mine[i]` and `theirs[i]` say where token i ends in the text, rising; −1 where it ends within a character. Ends beyond `common`
 * (as far as both sides say the same text) don't count. What lies behind the last meeting belongs to no span.
 */
export function alignSpans(mine: readonly number[], theirs: readonly number[], common: number): number[] {
  const spans: number[] = [];
  let [a, b, fromA, fromB] = [0, 0, 0, 0];
  while (a < mine.length && b < theirs.length) {
    const [endA, endB] = [mine[a] ?? -1, theirs[b] ?? -1];
    if (endA > common || endB > common) break;
    if (endA < 0) a += 1;
    else if (endB < 0) b += 1;
    else if (endA < endB) a += 1;
    else if (endB < endA) b += 1;
    else {
      // Tokens without text of their own (half a character more) belong to the piece that they end.
      a += 1;
      b += 1;
      spans.push(fromA, a - fromA, fromB, b - fromB);
      [fromA, fromB] = [a, b];
    }
  }
  return spans;
}
