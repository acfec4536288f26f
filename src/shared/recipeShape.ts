/** Which keys a recipe may have at a place, read from the schema itself. */
import * as z from 'zod';
import { recipe } from './recipe.ts';
import { keysOf, valueAt, type PathPart } from './recipePaths.ts';

/** The part of JSON Schema that zod writes for the recipe. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

let schema: JsonSchema | undefined;

/** The keys allowed in the object at `path` of the recipe that was written. */
export function allowedKeys(written: unknown, path: readonly PathPart[]): readonly string[] {
  schema ??= z.toJSONSchema(recipe, { io: 'input', target: 'draft-7' }) as JsonSchema;
  let candidates = alternatives(schema, written);
  path.forEach((part, depth) => {
    const value = valueAt(written, path.slice(0, depth + 1));
    candidates = candidates
      .map((each) => typeof part === 'number' ? each.items : each.properties?.[part] ?? objectOf(each.additionalProperties))
      .flatMap((each) => each === undefined ? [] : alternatives(each, value));
  });
  return [...new Set(candidates.flatMap((each) => Object.keys(each.properties ?? {})))];
}

function objectOf(schemaOrFlag: JsonSchema | boolean | undefined): JsonSchema | undefined {
  return typeof schemaOrFlag === 'object' ? schemaOrFlag : undefined;
}

/** The alternatives of a union that the value was most likely meant to be: its `type`, else the most keys in common. */
function alternatives(union: JsonSchema, value: unknown): readonly JsonSchema[] {
  const all = union.oneOf ?? union.anyOf;
  if (all === undefined) return [union];
  const common = (each: JsonSchema): number => {
    if (each.properties?.['type']?.const !== undefined && each.properties['type'].const === valueAt(value, ['type'])) return Infinity;
    return keysOf(value).filter((key) => each.properties?.[key] !== undefined).length;
  };
  const most = Math.max(...all.map(common));
  return all.filter((each) => common(each) === most);
}
