/** How numbers and terms stand in a problem: signs with their spaces, brackets where they are needed, polynomials. */

/** ` + 3`, ` - 3`: what follows another term. */
export const following = (value: number): string => value < 0 ? ` - ${String(-value)}` : ` + ${String(value)}`;

/** `(-3)`, `3`: a factor or what stands after an operator. */
export const bracketed = (value: number): string => value < 0 ? `(${String(value)})` : String(value);

/** `3x`, `x`, `-x`, `0`. */
export function term(coefficient: number, variable: string): string {
  if (coefficient === 0) return '0';
  if (variable === '') return String(coefficient);
  return coefficient === 1 ? variable : coefficient === -1 ? `-${variable}` : `${String(coefficient)}${variable}`;
}

/** The sum of terms, those that are 0 left out: `3x - y + 2`. */
export function sumOf(terms: readonly (readonly [coefficient: number, variable: string])[]): string {
  let text = '';
  for (const [coefficient, variable] of terms) {
    if (coefficient === 0) continue;
    if (text === '') text = term(coefficient, variable);
    else text += coefficient < 0 ? ` - ${term(-coefficient, variable)}` : ` + ${term(coefficient, variable)}`;
  }
  return text === '' ? '0' : text;
}

/** `2x^3 - x + 5`, from the coefficients with the highest power first. */
export function polynomial(coefficients: readonly number[], variable = 'x'): string {
  const degree = coefficients.length - 1;
  return sumOf(coefficients.map((coefficient, index) => [coefficient, powerOf(variable, degree - index)] as const));
}

/** `x^3`, `x`, `` for the power 0. */
export const powerOf = (variable: string, exponent: number): string => exponent === 0 ? '' : exponent === 1 ? variable : `${variable}^${String(exponent)}`;

export function greatestCommon(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

export const leastCommon = (a: number, b: number): number => a === 0 || b === 0 ? 0 : Math.abs(a) / greatestCommon(a, b) * Math.abs(b);

/** `3/4`, `-2`: n/d in lowest terms. */
export function ratio(n: number, d: number): string {
  const common = greatestCommon(n, d) * (d < 0 ? -1 : 1) || 1;
  return d / common === 1 ? String(n / common) : `${String(n / common)}/${String(d / common)}`;
}
