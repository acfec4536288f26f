/** Which weights of a model a stage leaves as they are: for those neither gradients nor moments are held. */
import { didYouMean } from '../../shared/didYouMean.ts';
import { DistillError } from '../../shared/messages.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { variantOf, weightShapes } from './decoder.ts';

const EMBEDDING = 'model.embed_tokens.weight';
const WORDS = ['embeddings', 'head', 'norms'];

/**
 * Names of the weights that patterns take: `embeddings`, `head` (the embedding where both are one weight), `norms`, `layers.2`,
 * `layers.0-3` (0 is the first), or names in which * stands for any letters.
 * Throws DistillError `freeze-matches-nothing`, `freeze-leaves-nothing`.
 */
export function frozenWeights(config: DecoderConfig, patterns: readonly string[]): ReadonlySet<string> {
  const names = [...weightShapes(config).keys()];
  const frozen = new Set<string>();
  for (const pattern of patterns) {
    const matches = matcherOf(pattern, config);
    const found = matches === null ? [] : names.filter(matches);
    if (found.length === 0) {
      const known = [...WORDS, ...Array.from({ length: config.layers }, (_, layer) => `layers.${layer}`), ...names];
      throw new DistillError('freeze-matches-nothing', { pattern, allowed: [didYouMean(pattern, known) ?? nearestName(pattern, names) ?? `layers.0-${config.layers - 1}`, ...WORDS].join(', ') });
    }
    for (const name of found) frozen.add(name);
  }
  if (frozen.size === names.length) throw new DistillError('freeze-leaves-nothing', { patterns: patterns.join(', ') });
  return frozen;
}

/** The model of which only the rest is trained. Throws the errors of frozenWeights. */
export function withFrozen(model: DecoderModel, patterns: readonly string[]): DecoderModel {
  const frozen = frozenWeights(model.config, patterns);
  return variantOf(model, { trainable: new Map([...model.weights].filter(([name]) => !frozen.has(name))) });
}

function matcherOf(pattern: string, { layers, tiedHead }: DecoderConfig): ((name: string) => boolean) | null {
  switch (pattern) {
    case 'embeddings': return (name) => name === EMBEDDING;
    case 'head': return (name) => name === (tiedHead ? EMBEDDING : 'lm_head.weight');
    case 'norms': return (name) => name.endsWith('norm.weight');
  }
  const [, first, last = first] = /^layers\.(\d+)(?:-(\d+))?$/.exec(pattern) ?? [];
  if (first !== undefined) {
    // A range that leaves the model is a mistake about the model.
    if (Number(last) >= layers || Number(first) > Number(last)) return null;
    return (name) => {
      const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1];
      return layer !== undefined && Number(layer) >= Number(first) && Number(layer) <= Number(last);
    };
  }
  const glob = new RegExp(`^(?:model\\.)?${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
  return (name) => glob.test(name);
}

/** A name that ends like what was written, for those who wrote the end of one. */
function nearestName(pattern: string, names: readonly string[]): string | null {
  const plain = pattern.replaceAll('*', '');
  const part = plain.split('.').find((each) => each.length > 2 && names.some((name) => name.includes(each)));
  if (part === undefined) return null;
  return `*${part}*`;
}
