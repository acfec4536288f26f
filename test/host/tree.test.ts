import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { TreeNode } from '../../src/ui/tree/nodes.ts';
import type { Workbench } from '../../src/ui/workbench.ts';
import { next, projectFolder, recordedRun, workbench } from './support.ts';

suite('experiment tree of a recorded run', () => {
  let bench: Workbench;
  let run: string;

  suiteSetup(async () => {
    bench = await workbench();
    run = await recordedRun('2026-08-23-1412-tree');
  });

  const children = async (node?: TreeNode): Promise<TreeNode[]> => bench.tree.getChildren(node);
  const label = (node: TreeNode): string => String(bench.tree.getTreeItem(node).label);
  const description = (node: TreeNode): string => String(bench.tree.getTreeItem(node).description);
  const runNode = (): TreeNode => bench.tree.runNode(run);
  const section = async (name: string): Promise<TreeNode> => {
    const found = (await children(runNode())).find((node) => node.kind === 'section' && node.section === name);
    assert.ok(found, name);
    return found;
  };

  test('has the project, below it the run with its result, status icon and tick', async () => {
    const [project] = await children();
    assert.deepEqual(project, { kind: 'project', folder: projectFolder() });
    assert.ok((await children(project)).includes(runNode()));
    const item = bench.tree.getTreeItem(runNode());
    assert.equal(item.label, 'arithmetic');
    assert.match(String(item.description), /\d\d:\d\d · \d+(\.\d)?% · kept \d+/);
    assert.equal((item.iconPath as vscode.ThemeIcon).id, 'pass');
    assert.equal(item.contextValue, 'run ended unstarred traces');
    assert.equal((item.checkboxState as { state: vscode.TreeItemCheckboxState }).state, vscode.TreeItemCheckboxState.Unchecked);
  });

  test('has stages with their checkpoints, evaluation and traces below the run', async () => {
    assert.deepEqual((await children(runNode())).map(label), ['distil', 'evaluate', 'Evaluation', 'Reasoning traces']);
    const [distil] = await children(runNode());
    assert.ok(distil);
    const checkpoints = await children(distil);
    for (const node of checkpoints) assert.equal(bench.tree.getParent(node), distil);
    assert.equal(checkpoints.filter((node) => description(node).startsWith('best')).length, 1);
    const [evaluation] = await children(await section('evaluations'));
    assert.ok(evaluation);
    assert.deepEqual((await children(evaluation)).map(label), ['Teacher', 'Student', 'Retention']);
  });

  test('shows each example with its question and both verdicts, filtered as asked', async () => {
    const all = await children(await section('traces'));
    assert.ok(all.length > 20);
    for (const node of all) assert.match(`${label(node)} ${description(node)}`, /\d.* T [✓✗] · S [✓✗]/);
    bench.filters.set(run, 'differ');
    const differing = await children(await section('traces'));
    assert.ok(differing.length > 0 && differing.length < all.length);
    for (const node of differing) assert.match(description(node), /✓.*✗|✗.*✓/);
    bench.filters.set(run, 'all');
  });

  test('keeps one object and one id for a row, whatever is drawn anew', async () => {
    const ids = async (): Promise<readonly unknown[]> => Promise.all((await children(runNode())).map(async (node) => [node, bench.tree.getTreeItem(node).id]));
    const before = await ids();
    await bench.store.refresh(run);
    const after = await ids();
    after.forEach((row, index) => assert.equal((row as readonly unknown[])[0], (before[index] as readonly unknown[])[0]));
    assert.deepEqual(after, before);
  });

  test('draws only the run anew whose events grew', async () => {
    const events = path.join(run, 'events.jsonl');
    const last = JSON.parse((await readFile(events, 'utf8')).trim().split('\n').at(-1) ?? '') as { seq: number; at: number };
    const grow = async (by: number): Promise<TreeNode | TreeNode[] | undefined> => {
      const drawn = next<TreeNode | TreeNode[] | undefined>((listener) => bench.tree.onDidChangeTreeData(listener), (nodes) => Array.isArray(nodes) && nodes.includes(runNode()));
      await appendFile(events, `${JSON.stringify({ seq: last.seq + by, at: last.at, kind: 'warning', code: 'evaluation-without-gold', data: { examples: by } })}\n`);
      return drawn;
    };
    await grow(1); // draws what other tests have left to draw as well
    assert.deepEqual(await grow(2), [runNode()]);
  });

  test('tells all of a run on its card, with file text that stays text', () => {
    const item = bench.tree.resolveTreeItem(new vscode.TreeItem(''), runNode());
    const card = item.tooltip as vscode.MarkdownString;
    assert.match(card.value, /wasm/);
    assert.match(card.value, /2026\\?-08\\?-23/);
    assert.notEqual(card.isTrusted, true);
    assert.notEqual(card.supportThemeIcons, true);
  });
});
