/** Rule `boilerplate`: phrases that frame an answer without saying anything, at its beginning and its end. */
import { CLOSINGS, OPENINGS } from './boilerplatePhrases.ts';

const OPENING = new RegExp(String.raw`^\s*(?:${OPENINGS.join('|')})\s*`, 'i');
/** Looked for in the last characters only, so that a long answer isn't searched. */
const CLOSING = new RegExp(String.raw`(?<=^|[.!?。！？：:\n)）\]}$*…]|\n\s*)\s*(?:${CLOSINGS.join('|')})[\s😊🙂👍!]*$`, 'iu');
const CLOSING_REACH = 300;
/** Phrases at one end; more is no framing. */
const PHRASES = 4;

export interface WithoutBoilerplate {
  readonly text: string;
  /** What was taken. */
  readonly taken: readonly string[];
}

/** An answer that is nothing but such phrases stays: somebody has to look at it. */
export function cleanBoilerplate(answer: string): WithoutBoilerplate {
  const taken: string[] = [];
  let text = answer;
  for (let phrase = 0; phrase < PHRASES; phrase++) {
    const found = OPENING.exec(text);
    if (found === null) break;
    const rest = text.slice(found[0].length);
    if (rest.trim() === '') break;
    taken.push(found[0].trim());
    text = rest;
  }
  for (let phrase = 0; phrase < PHRASES; phrase++) {
    const reach = Math.max(0, text.length - CLOSING_REACH);
    const found = CLOSING.exec(text.slice(reach));
    if (found === null) break;
    const rest = text.slice(0, reach + found.index);
    if (rest.trim() === '') break;
    taken.push(found[0].trim());
    text = rest.trimEnd();
  }
  return taken.length === 0 ? { text: answer, taken } : { text, taken };
}
