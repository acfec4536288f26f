/**
 * The recipe's JSON Schema as the editor gets it: for completion and hover. Squiggles come from our own check of the
 * recipe (diagnostics.ts), which finds more, names the way out and speaks Chinese; so every rule that would make the JSON
 * language service report the same mistake a second time is taken out. What tells the branches of a union apart stays.
 */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const RULES = new Set([
  'additionalProperties', 'propertyNames', 'required', 'pattern', 'format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum',
  'minLength', 'maxLength', 'minItems', 'maxItems', 'multipleOf',
]);

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function editorSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((each: Json) => editorSchema(each));
  if (!isObject(schema)) return schema;
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' || key === '$defs' || key === 'definitions') {
      kept[key] = isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, editorSchema(each)])) : value;
    } else if (key === 'additionalProperties' && isObject(value)) {
      kept[key] = editorSchema(value); // the schema of a record's values: completion needs it
    } else if (key === 'enum' && Array.isArray(value)) {
      kept.examples = value;
    } else if (key === 'anyOf' || key === 'oneOf' || key === 'allOf' || key === 'items' || key === 'prefixItems') {
      kept[key === 'oneOf' ? 'anyOf' : key] = editorSchema(value);
    } else if (key === 'type' && value !== 'object' && value !== 'array') {
      continue;
    } else if (!RULES.has(key)) {
      kept[key] = value;
    }
  }
  return kept;
}
