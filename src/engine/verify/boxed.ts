/** The content of the last \boxed{…} of a text, braces balanced; null where there is none, or where it was cut. Linear in the text. */
export function lastBoxed(text: string): string | null {
  const start = Math.max(text.lastIndexOf('\\boxed{'), text.lastIndexOf('\\fbox{'), text.lastIndexOf('\\boxed {'));
  if (start < 0) return null;
  const opening = text.indexOf('{', start);
  let depth = 0;
  for (let at = opening; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '{') depth += 1;
    else if (char === '}' && --depth === 0) return text.slice(opening + 1, at).trim();
  }
  return null;
}
