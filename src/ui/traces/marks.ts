/** Marks in the two documents: a bar before each step and a place in the overview ruler, by relation; waves under wrong arithmetic. */
import * as vscode from 'vscode';
import type { Relation } from '../../shared/align.ts';
import type { TraceRole } from '../../shared/events.ts';
import type { Comparisons, OpenExample } from './comparisons.ts';
import { parseTraceUri } from './traceUri.ts';

/** Theme colours that every theme sets; the sign in each heading says the same without colour. */
const COLOURS: Readonly<Record<Relation, { readonly bar: string; readonly ruler: string } | null>> = {
  matched: null,
  skipped: { bar: 'charts.yellow', ruler: 'charts.yellow' },
  extra: { bar: 'charts.blue', ruler: 'charts.blue' },
  contradicting: { bar: 'editorError.foreground', ruler: 'editorError.foreground' },
};

type Mark = Relation | 'slip' | 'wrong';

export class TraceMarks implements vscode.Disposable {
  private readonly types: ReadonlyMap<Mark, vscode.TextEditorDecorationType>;
  private readonly subscriptions: vscode.Disposable;

  constructor(private readonly comparisons: Comparisons, private readonly log: vscode.LogOutputChannel) {
    const types = new Map<Mark, vscode.TextEditorDecorationType>();
    for (const relation of Object.keys(COLOURS) as Relation[]) {
      const colour = COLOURS[relation];
      if (colour !== null) types.set(relation, barType(colour.bar, colour.ruler, vscode.OverviewRulerLane.Right));
    }
    types.set('slip', vscode.window.createTextEditorDecorationType({ textDecoration: 'underline wavy', color: new vscode.ThemeColor('editorError.foreground') }));
    types.set('wrong', vscode.window.createTextEditorDecorationType({
      isWholeLine: true, backgroundColor: new vscode.ThemeColor('inputValidation.errorBackground'), fontWeight: 'bold',
      overviewRulerColor: new vscode.ThemeColor('editorError.foreground'), overviewRulerLane: vscode.OverviewRulerLane.Full,
    }));
    this.types = types;
    this.subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => void this.mark(editor))),
      vscode.workspace.onDidChangeTextDocument(({ document }) => vscode.window.visibleTextEditors.filter((editor) => editor.document === document).forEach((editor) => void this.mark(editor))),
      ...types.values(),
    );
    vscode.window.visibleTextEditors.forEach((editor) => void this.mark(editor));
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private async mark(editor: vscode.TextEditor): Promise<void> {
    const address = parseTraceUri(editor.document.uri);
    if (address === null) return;
    try {
      const open = await this.comparisons.open(address);
      const ranges = rangesOf(open, address.role, editor.document);
      for (const [mark, type] of this.types) editor.setDecorations(type, ranges.get(mark) ?? []);
    } catch (error) {
      this.log.debug(`marks of ${editor.document.uri.toString()}: ${String(error)}`);
    }
  }
}

function barType(bar: string, ruler: string, overviewRulerLane: vscode.OverviewRulerLane): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true, borderStyle: 'solid', borderWidth: '0 0 0 3px', borderColor: new vscode.ThemeColor(bar),
    overviewRulerColor: new vscode.ThemeColor(ruler), overviewRulerLane,
  });
}

function rangesOf({ comparison, documents }: OpenExample, role: TraceRole, document: vscode.TextDocument): Map<Mark, vscode.Range[]> {
  const ranges = new Map<Mark, vscode.Range[]>();
  const add = (mark: Mark, range: vscode.Range): void => void (ranges.get(mark) ?? ranges.set(mark, []).get(mark))?.push(range);
  let stepStart = 0;
  documents.lines.forEach((line, number) => {
    if (line === null || number >= document.lineCount) return;
    const section = comparison.sections.find(({ name }) => name === line.section);
    const row = section?.alignment.rows[line.row];
    if (section === undefined || row === undefined) return;
    const whole = document.lineAt(number).range;
    const step = line[role];
    if (line.heading || step !== null) add(row.relation, whole);
    if (line.heading && section.alignment.firstWrong?.row === line.row) add('wrong', whole);
    if (step === null) return;
    if (documents.lines[number - 1]?.[role] !== step) stepStart = number;
    const { text = '', slips = [] } = section[role][step] ?? {};
    if (number !== stepStart) return;
    for (const slip of slips) add('slip', new vscode.Range(placeOf(text, slip.start, number), placeOf(text, slip.end, number)));
  });
  return ranges;
}

/** Line and column of an offset in a step whose text begins on line `first`. */
function placeOf(text: string, offset: number, first: number): vscode.Position {
  const before = text.slice(0, offset).split('\n');
  return new vscode.Position(first + before.length - 1, before.at(-1)?.length ?? 0);
}
