/** Money as people read it. Amounts are of one currency, which is never converted. */

/** Below this a price has more places: an answer of a small model costs a thousandth of a cent. */
const SMALL = 0.1;

/** `12.40 USD`, `0.0031 USD`: two places, or two digits that say something where that would be less. */
export function moneyText(amount: number, currency: string | null): string {
  return `${amountText(amount)}${currency === null ? '' : ` ${currency}`}`;
}

/** An amount alone. */
export function amountText(amount: number): string {
  if (amount === 0) return '0';
  return Math.abs(amount) >= SMALL ? amount.toFixed(2) : String(Number(amount.toPrecision(2)));
}

/** `1 234 567`, with thin groups as numbers elsewhere in the workbench; tokens are always whole. */
export function tokensText(tokens: number): string {
  return String(Math.round(tokens)).replaceAll(/\B(?=(\d{3})+$)/g, '\u202f');
}
