/** A row's provenance as another program may have written it: parts that are not what they should be count as unknown. */
import { isJsonObject, type JsonObject } from './fieldNames.ts';
import { NO_PROVENANCE, type Provenance } from './record.ts';

type Kind = 'string' | 'number';

/** Of a newer version's provenance, the parts that this one doesn't know stay. */
export function soundProvenance(told: unknown): Provenance {
  if (!isJsonObject(told)) return NO_PROVENANCE;
  const part = (name: keyof Provenance, kinds: Readonly<Record<string, Kind>>): JsonObject | null => {
    const value = told[name];
    return isJsonObject(value) && Object.entries(kinds).every(([key, kind]) => typeof value[key] === kind) ? value : null;
  };
  const verdict = part('verdict', { verdict: 'string', reason: 'string', by: 'string' });
  const { promptHash, finish, transformations } = told;
  return {
    ...told,
    source: part('source', { file: 'string', format: 'string', row: 'number' }),
    teacher: part('teacher', { name: 'string', model: 'string', service: 'string' }),
    promptHash: typeof promptHash === 'string' ? promptHash : null,
    sampling: part('sampling', { temperature: 'number', topP: 'number', maxTokens: 'number', sample: 'number' }),
    tokens: part('tokens', { input: 'number', cachedInput: 'number', output: 'number', reasoning: 'number' }),
    cost: part('cost', { amount: 'number', currency: 'string' }),
    finish: finish === 'end' || finish === 'length' || finish === 'filter' ? finish : null,
    verdict: verdict === null ? null : { found: null, expected: null, ...verdict, findings: Array.isArray(verdict['findings']) ? verdict['findings'].filter((each) => typeof each === 'string') : [] },
    transformations: Array.isArray(transformations) ? transformations.filter((each) => isJsonObject(each) && typeof each['name'] === 'string') : [],
  } as Provenance;
}
