/** A stage that makes data, as the status bar, the tree and the cards say it. */
import * as vscode from 'vscode';
import type { CollectEvent, Spend } from '../shared/events.ts';
import { amountText, moneyText, tokensText } from '../shared/money.ts';

/** `0.42 of 5.00 USD · asking 1204/7473`: narrow places cut the end off, and the money is what a person watches. */
export function collectText({ part, done, total, spend }: CollectEvent): string {
  const rows = total === null ? tokensText(done) : `${tokensText(done)}/${tokensText(total)}`;
  return [...(spend === null ? [] : [spendText(spend)]), `${partText(part)} ${rows}`].join(' · ');
}

/** All that an event says of rows and money, for a card. */
export function collectDetail({ kept, cached, failed, spend }: CollectEvent): string {
  return [
    vscode.l10n.t('{0} rows kept', tokensText(kept)),
    ...(cached > 0 ? [vscode.l10n.t('{0} answered before', tokensText(cached))] : []),
    ...(failed > 0 ? [vscode.l10n.t('{0} failed', tokensText(failed))] : []),
    ...(spend === null ? [] : [
      `${spend.teacher}: ${spendText(spend)}`, vscode.l10n.t('{0} tokens', tokensText(spend.tokens)),
      ...(spend.inFlight > 0 ? [vscode.l10n.t('{0} requests in flight', spend.inFlight)] : []),
      ...(spend.reservedMoney !== null && spend.reservedMoney > 0 ? [vscode.l10n.t('{0} reserved for them', moneyText(spend.reservedMoney, spend.currency))] : []),
    ]),
  ].join(' · ');
}

/** `0.42 of 5.00 USD`; tokens where the teacher has no prices. */
export function spendText({ money, currency, moneyCap, tokens, tokenCap }: Spend): string {
  if (money !== null) return moneyCap === null ? moneyText(money, currency) : vscode.l10n.t('{0} of {1}', amountText(money), moneyText(moneyCap, currency));
  return tokenCap === null ? vscode.l10n.t('{0} tokens', tokensText(tokens)) : vscode.l10n.t('{0} of {1}', tokensText(tokens), vscode.l10n.t('{0} tokens', tokensText(tokenCap)));
}

function partText(part: CollectEvent['part']): string {
  switch (part) {
    case 'read': return vscode.l10n.t('reading');
    case 'clean': return vscode.l10n.t('cleaning');
    case 'ask': return vscode.l10n.t('asking');
    case 'verify': return vscode.l10n.t('verifying');
    case 'augment': return vscode.l10n.t('augmenting');
    case 'mix': return vscode.l10n.t('mixing');
    case 'write': return vscode.l10n.t('writing');
  }
}
