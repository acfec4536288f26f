/** The list of a run's examples. */
import * as vscode from 'vscode';
import type { TraceEvent, Verdict } from '../../shared/events.ts';
import { EXAMPLE_FILTERS, matchesFilter, type Example, type ExampleFilter } from '../tree/examples.ts';
import { filterText, verdictText } from '../tree/items.ts';
import type { Questions } from '../tree/questions.ts';

/** Lengths are read for this many examples, what is in sight after a few pages; the rest is shown without. */
const LENGTHS_READ = 500;

export interface ExamplePick {
  readonly folder: string;
  readonly title: string;
  readonly examples: readonly Example[];
  readonly questions: Questions;
  readonly filter: ExampleFilter;
  readonly current: string | null;
  readonly setFilter: (filter: ExampleFilter) => void;
  /** Generated tokens of each trace. */
  readonly lengths: (events: readonly TraceEvent[]) => Promise<readonly number[]>;
}

interface ExampleItem extends vscode.QuickPickItem {
  readonly example: string;
}

/** The list of examples: question, both verdicts, lengths; a button changes the filter. */
export async function pickExample(options: ExamplePick): Promise<string | undefined> {
  const { examples, questions, folder, title, current, setFilter } = options;
  let { filter } = options;
  const pick = vscode.window.createQuickPick<ExampleItem>();
  const filterButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('filter'), tooltip: vscode.l10n.t('Filter Traces…') };
  pick.title = title;
  pick.matchOnDetail = true;
  pick.matchOnDescription = true;
  pick.buttons = [filterButton];
  let tokens: ReadonlyMap<string, number> = new Map();
  const fill = (): void => {
    const shown = examples.filter((example) => matchesFilter(example, filter));
    pick.placeholder = vscode.l10n.t('{0} of {1} examples ({2})', shown.length, examples.length, filterText(filter));
    pick.items = shown.map((example): ExampleItem => itemOf(example, questions.get(folder, example.example), tokens));
    const active = pick.items.find(({ example }) => example === current);
    if (active !== undefined) pick.activeItems = [active];
  };
  fill();
  pick.busy = true;
  pick.show();
  const read = Promise.all([questions.read(folder, examples), lengthsOf(options)]);
  void read.then(([, lengths]) => (tokens = lengths), () => undefined).then(() => {
    pick.busy = false;
    fill();
  });
  try {
    return await new Promise<string | undefined>((resolve) => {
      pick.onDidTriggerButton(() => {
        const next = EXAMPLE_FILTERS[(EXAMPLE_FILTERS.indexOf(filter) + 1) % EXAMPLE_FILTERS.length] ?? 'all';
        filter = next;
        setFilter(next);
        fill();
      });
      pick.onDidAccept(() => resolve(pick.selectedItems[0]?.example));
      pick.onDidHide(() => resolve(undefined));
    });
  } finally {
    pick.dispose();
  }
}

async function lengthsOf({ examples, lengths }: ExamplePick): Promise<ReadonlyMap<string, number>> {
  const events = examples.slice(0, LENGTHS_READ).flatMap(({ teacher, student }) => [teacher, student]).filter((event) => event !== null);
  const tokens = await lengths(events);
  return new Map(events.map(({ id }, i) => [id, tokens[i] ?? 0]));
}

function itemOf({ example, teacher, student }: Example, question: string | null, tokens: ReadonlyMap<string, number>): ExampleItem {
  const side = (name: string, event: TraceEvent | null): string => {
    if (event === null) return `${name} –`;
    const length = tokens.get(event.id);
    return `${name} ${verdictIcon(event.verdict)} ${verdictText(event.verdict)}${length === undefined ? '' : ` · ${vscode.l10n.t('{0} tokens', length.toLocaleString(vscode.env.language))}`}`;
  };
  return {
    label: question ?? example, example,
    detail: `${side(vscode.l10n.t('Teacher'), teacher)}    ${side(vscode.l10n.t('Student'), student)}`,
    ...(question === null ? {} : { description: example }),
  };
}

function verdictIcon(verdict: Verdict): string {
  return verdict === 'right' ? '$(pass)' : verdict === 'wrong' ? '$(error)' : '$(question)';
}
