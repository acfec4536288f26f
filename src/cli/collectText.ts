/** A stage that makes data, in a line: how far it is, what it kept, what it has cost. */
import type { CollectEvent, Spend, StageEvent } from '../shared/events.ts';
import { amountText, moneyText, tokensText } from '../shared/money.ts';
import { duration } from '../shared/numbers.ts';
import type { Terminal } from './terminal.ts';

type Say = Terminal['say'];

interface Collected {
  readonly event: CollectEvent;
  readonly first: CollectEvent;
}

/** `asking 1204/7473 · 1180 kept, 900 from the cache · 0.42 of 5.00 USD · 12.1/s · 8m 20s left`. */
export function collectText(say: Say, { event, first }: Collected, secondsLeft: number | null): string {
  const seconds = (event.at - first.at) / 1000;
  const rate = seconds > 0 ? (event.done - first.done) / seconds : 0;
  return [
    event.total === null ? say('collectDone', partText(say, event.part), event.done) : say('collectDoneOf', partText(say, event.part), event.done, event.total),
    ...(event.cached > 0 ? [say('collectCached', event.cached)] : []),
    ...(event.failed > 0 ? [say('collectFailed', event.failed)] : []),
    ...(event.spend === null ? [] : [spendText(say, event.spend), say('collectInFlight', event.spend.inFlight)]),
    ...(rate > 0 ? [say('collectRate', rate < 10 ? rate.toFixed(1) : Math.round(rate))] : []),
    ...(secondsLeft === null || event.done === event.total ? [] : [say('progressLeft', duration(secondsLeft * 1000))]),
  ].join(' · ');
}

/** What a stage came to. */
export function collectEndText({ say }: Pick<Terminal, 'say'>, stage: StageEvent, last: CollectEvent | null): string {
  const own = last?.stage === stage.stage ? last : null;
  const total = stage.total ?? own?.total ?? null;
  return [
    stage.reason === 'stopped' ? say('collectStopped', stage.name, own?.done ?? 0, total ?? '?') : say('collectEnded', stage.name, own?.kept ?? 0, total ?? own?.done ?? 0),
    ...(own === null || own.spend === null ? [] : [spendText(say, own.spend)]),
  ].join(' · ');
}

/** `0.42 of 5.00 USD`, or tokens where there are no prices. */
export function spendText(say: Say, { currency, money, moneyCap, tokens, tokenCap }: Pick<Spend, 'currency' | 'money' | 'moneyCap' | 'tokens' | 'tokenCap'>): string {
  const parts = [
    ...(money === null ? [] : [moneyCap === null ? moneyText(money, currency) : say('spendOf', amountText(money), moneyText(moneyCap, currency))]),
    ...(money !== null && tokenCap === null ? [] : [tokenCap === null ? say('spendTokens', tokensText(tokens)) : say('spendOf', tokensText(tokens), say('spendTokens', tokensText(tokenCap)))]),
  ];
  return parts.join(', ');
}

function partText(say: Say, part: CollectEvent['part']): string {
  switch (part) {
    case 'read': return say('partRead');
    case 'clean': return say('partClean');
    case 'ask': return say('partAsk');
    case 'verify': return say('partVerify');
    case 'augment': return say('partAugment');
    case 'mix': return say('partMix');
    case 'write': return say('partWrite');
  }
}
