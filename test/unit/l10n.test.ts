import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const bundle = JSON.parse(readFileSync(path.join(root, 'l10n/bundle.l10n.zh-cn.json'), 'utf8')) as Record<string, string>;
/** Names and signs that are the same in Chinese. */
const SAME_IN_CHINESE: ReadonlySet<string> = new Set([]);

interface Use { readonly key: string | null; readonly place: string }

/** Every `…l10n.t(first, …)` below src/ui and in src/extension.ts; the key is null where it is no plain text. */
function findUses(): readonly Use[] {
  const folder = path.join(root, 'src/ui');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => path.join(folder, name));
  const found: Use[] = [];
  for (const file of [...files, path.join(root, 'src/extension.ts')]) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && /(^|\.)l10n\.t$/.test(node.expression.getText(source))) {
        const first = node.arguments[0];
        const place = `${path.relative(root, file)}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
        found.push({ key: first !== undefined && ts.isStringLiteralLike(first) ? first.text : null, place });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

const uses = findUses();

test('texts are written in the call, so that they can be found', () => {
  expect(uses.length).toBeGreaterThan(20);
  expect(uses.filter(({ key }) => key === null).map(({ place }) => place)).toEqual([]);
});

test('every text has its Chinese, and no Chinese is left over', () => {
  const keys = new Set(uses.flatMap(({ key }) => key ?? []));
  expect([...keys].filter((key) => !(key in bundle))).toEqual([]);
  expect(Object.keys(bundle).filter((key) => !keys.has(key))).toEqual([]);
});

test('the Chinese is Chinese and keeps every {placeholder} and icon', () => {
  const fixed = (words: string): readonly string[] => [...words.matchAll(/\{\w+\}|\$\([\w~-]+\)/g)].map(String).sort();
  for (const [key, words] of Object.entries(bundle)) {
    expect(fixed(words), key).toEqual(fixed(key));
    if (!SAME_IN_CHINESE.has(key)) expect(words, key).toMatch(/\p{Script=Han}/u);
  }
});
