import { parseArgs } from 'node:util';
import { CASES } from './memory/cases.ts';
import { measureCase } from './memory/child.ts';
const { values } = parseArgs({ options: { serve: { type: 'string' }, backend: { type: 'string' } } });
const found = CASES.find(({ name }) => name === values.serve);
if (found !== undefined) { console.log(JSON.stringify(await measureCase(found, values.backend as never, 2))); process.exit(0); }
for (const c of CASES) console.log(c.name);
