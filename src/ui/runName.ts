/** Names and times of runs as rows and charts show them. No vscode here. */
import type { RunView } from '../runs/view.ts';

/** What a person calls the run: their own name for it, else the recipe's. The tree shows when it began beside it. */
export function shortTitle(run: RunView): string {
  return run.label.title ?? run.run?.recipe.name ?? run.id;
}

/** 14:12 of today, 08-23 14:12 of another day, with the year of another year. */
export function shortTime(at: number, now: number = Date.now()): string {
  const [then, today] = [new Date(at), new Date(now)];
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === today.toDateString()) return time;
  const day = `${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  return then.getFullYear() === today.getFullYear() ? `${day} ${time}` : `${then.getFullYear()}-${day} ${time}`;
}
