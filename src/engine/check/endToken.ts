/** The end token: supervised, the one that generation waits for, and the one that whoever serves the student waits for. */
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import { rowEncoder } from '../data/encode.ts';
import { tokenIds } from '../model/config.ts';
import { readJson, type Tokenizer } from '../model/tokenizer.ts';
import { finding, refusalOf, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';
import { tokenText } from './specialTokens.ts';

const PROBE = 'answer-probe-7251';

export async function checkEndToken(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders } = context;
  const tokenizer = await folders.studentTokenizer();
  if (tokenizer === null) return [];
  let end: number;
  try {
    end = rowEncoder(tokenizer, recipe.data).template.endTokenId;
  } catch (error) {
    // A chat template that fails is told by its own check.
    return error instanceof DistillError && error.code.startsWith('chat-template') ? [] : [refusalOf('end', error, { path: ['student'] })];
  }
  const token = tokenizer.decode([end], { special: true });
  const named = await namedEnds(tokenizer);
  const evidence = { columns: ['file', 'token'] as const, rows: named.map(({ file, ids }) => [file, ids.map((id) => tokenText(tokenizer, id)).join(', ') || '–']) };
  const findings: Finding[] = [finding('end', 'pass', 'end-supervised', { token, id: end }, { evidence })];
  const turn = recipe.data.template === 'chat' ? turnEnd(tokenizer) : null;
  if (turn !== null && !tokenizer.eosTokenIds.includes(turn)) {
    findings.push(finding('end', 'warning', 'end-turn-other', { turn: tokenText(tokenizer, turn), token }, { path: ['data', 'template'] }));
  }
  // What Transformers and vLLM stop at: generation_config.json where there is one, else config.json.
  const served = named.find(({ file, ids }) => file !== 'tokenizer_config.json' && ids.length > 0);
  if (served !== undefined && !served.ids.includes(end)) {
    findings.push(finding('end', 'warning', 'end-not-in-generation', { token, id: end, file: path.join(tokenizer.folder, served.file), named: served.ids.map((id) => tokenText(tokenizer, id)).join(', ') }, { evidence }));
  }
  for (const name of readingTeachers(recipe).keys()) {
    const theirs = (await folders.teacher(name))?.tokenizer ?? null;
    if (theirs === null || theirs.eosTokenIds.length === 0 || theirs.eosTokenIds.includes(end)) continue;
    const ends = theirs.eosTokenIds.map((id) => tokenText(theirs, id)).join(', ');
    findings.push(finding('end', 'warning', 'end-other-than-teacher', { token: tokenText(tokenizer, end), teacher: name, theirs: ends }, { subject: name, path: ['teachers', name, 'model'] }));
  }
  return findings;
}

/** The special token that the chat template writes right after an assistant's turn, whether it counts as an end or not. */
function turnEnd(tokenizer: Tokenizer): number | null {
  const whole = tokenizer.chat([{ role: 'user', content: 'x' }, { role: 'assistant', content: PROBE }]);
  const place = whole.lastIndexOf(PROBE);
  const id = place < 0 ? undefined : tokenizer.encode(whole.slice(place + PROBE.length).trimStart())[0];
  // A line break after a turn ends nothing: only what text can't hold does.
  return id === undefined || tokenizer.decode([id]) !== '' ? null : id;
}

async function namedEnds(tokenizer: Tokenizer): Promise<readonly { readonly file: string; readonly ids: readonly number[] }[]> {
  const read = async (file: string): Promise<Readonly<Record<string, unknown>>> => await readJson(path.join(tokenizer.folder, file)) ?? {};
  const settings = (await read('tokenizer_config.json'))['eos_token'];
  const content = typeof settings === 'string' ? settings : (settings as { readonly content?: unknown } | null | undefined)?.content;
  const ofSettings = typeof content === 'string' ? tokenizer.tokenId(content) : null;
  return [
    { file: 'generation_config.json', ids: tokenIds((await read('generation_config.json'))['eos_token_id']) },
    { file: 'config.json', ids: tokenIds((await read('config.json'))['eos_token_id']) },
    { file: 'tokenizer_config.json', ids: ofSettings === null ? [] : [ofSettings] },
  ];
}
