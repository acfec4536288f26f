/** A stage that makes data, as the Metrics page shows it where curves would be. No vscode here. */
import type { RunView } from '../../runs/view.ts';
import { isActive } from '../../runs/status.ts';
import type { Language } from '../../shared/messages.ts';
import { fill, metricsText } from '../../shared/metricsText.ts';
import { amountText, moneyText, tokensText } from '../../shared/money.ts';
import { duration } from '../../shared/numbers.ts';
import type { HeadFact } from '../../shared/panel.ts';

/** Below this a rate has a decimal place. */
const WHOLE_RATE = 10;

/** Empty where nothing was collected. */
export function collectedFacts({ status, facts, progress }: RunView, language: Language): readonly HeadFact[] {
  if (facts.collect === null) return [];
  const text = metricsText(language);
  const { event, first } = facts.collect;
  const { part, done, total, kept, cached, failed, spend } = event;
  const live = isActive(status);
  const seconds = (event.at - first.at) / 1000;
  const rate = seconds > 0 ? (done - first.done) / seconds : 0;
  // The last part, writing, knows only the rows that are left; the stage's end says how many there were.
  const stage = facts.stages.find(({ index }) => index === event.stage);
  const all = stage?.state === 'done' && stage.reason !== 'stopped' ? stage.total : null;
  const rows = all !== null ? tokensText(all) : total === null ? tokensText(done) : `${tokensText(done)} / ${tokensText(total)}`;
  const left = progress?.secondsLeft ?? null;
  const list: (HeadFact | null)[] = [
    { label: live ? text[`part.${part}`] : text['collected.done'], value: rows },
    { label: text['collected.kept'], value: tokensText(kept) },
    all === null || all <= kept ? null : { label: text['collected.leftOut'], value: tokensText(all - kept) },
    cached === 0 ? null : { label: text['collected.cached'], value: tokensText(cached) },
    failed === 0 ? null : { label: text['collected.failed'], value: tokensText(failed) },
    !live || rate <= 0 ? null : { label: text['collected.rate'], value: fill(text['collected.perSecond'], rate < WHOLE_RATE ? rate.toFixed(1) : Math.round(rate)) },
    !live || left === null || left <= 0 ? null : { label: text['collected.left'], value: duration(left * 1000) },
  ];
  if (spend !== null) {
    const { money, moneyCap, currency, reservedMoney, tokens, tokenCap, reservedTokens } = spend;
    const of = (spent: string, cap: string): string => fill(text.collectedOf, spent, cap);
    list.push(
      money === null ? null : { label: text['collected.spent'], value: moneyCap === null ? moneyText(money, currency) : of(amountText(money), moneyText(moneyCap, currency)) },
      reservedMoney === null || reservedMoney <= 0 ? null : { label: text['collected.reserved'], value: moneyText(reservedMoney, currency) },
      { label: text['collected.tokens'], value: tokenCap === null ? tokensText(tokens) : of(tokensText(tokens), tokensText(tokenCap)) },
      reservedMoney !== null || reservedTokens <= 0 ? null : { label: text['collected.reserved'], value: tokensText(reservedTokens) },
    );
  }
  return list.filter((fact) => fact !== null);
}
