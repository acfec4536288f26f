/** Names and times of runs as rows and charts show them. No vscode here. */
import type { RunView } from '../runs/view.ts';
import { settingText } from '../shared/sweepText.ts';

/** What a person calls the run: their own name for it, else of a sweep's run its values, else the recipe's name. The tree shows when it began beside it. */
export function shortTitle(run: RunView): string {
  const sweep = run.run?.sweep;
  if (sweep !== undefined && run.label.title === undefined) return `#${String(sweep.index + 1)} ${settingText(sweep.values)}`;
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
