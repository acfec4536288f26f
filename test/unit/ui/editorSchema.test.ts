import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { editorSchema } from '../../../src/ui/recipe/editorSchema.ts';

const strict = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../media/schemas/recipe.schema.json'), 'utf8')) as never;

interface Part { readonly [key: string]: Part }
const schema = editorSchema(strict) as unknown as Part;

test('hover texts, defaults and the values of a choice are kept for completion', () => {
  const engine = schema['properties']?.['engine']?.['properties'];
  expect(engine?.['backend']?.['examples']).toContain('wasm');
  expect(engine?.['backend']?.['description']).toEqual(expect.any(String));
  expect(engine?.['backend']?.['default']).toBe('auto');
});

test('kinds of stages stay told apart by their type', () => {
  const stages = schema['properties']?.['stages']?.['items']?.['anyOf'] as unknown as readonly Part[];
  expect(stages.map((stage) => stage['properties']?.['type']?.['const'])).toEqual(expect.arrayContaining(['train', 'evaluate', 'export']));
});

test('no rule is left that would report a mistake a second time', () => {
  const seen = new Set<string>();
  const visit = (value: unknown, insideProperties: boolean): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, false);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) {
        if (!insideProperties) seen.add(key);
        if (key === 'default' && !insideProperties) continue;
        visit(each, !insideProperties && key === 'properties');
      }
    }
  };
  visit(schema, false);
  for (const rule of ['required', 'enum', 'minimum', 'exclusiveMinimum', 'maximum', 'pattern', 'minLength', 'minItems']) expect(seen).not.toContain(rule);
});
