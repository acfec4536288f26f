/**
 * A tokenizer from a given small vocabulary of words and characters, as the files of a Hugging Face folder: what a model
 * for one narrow task wants, where a general tokenizer would spend most of the parameters on embeddings.
 *
 * It is BPE without merges: the text is split into the longest words of the vocabulary and single characters, and
 * `ignore_merges` takes each piece as the token it is. (WordLevel would say the same, but @huggingface/tokenizers lacks it.)
 * Nothing is normalised and white space is a character like others: what was encoded is decoded exactly, but for
 * characters outside the vocabulary, which become the unknown token.
 *
 * For models of the Llama family: beside a config.json that says qwen2, Transformers 5 splits texts by Qwen2's own pattern,
 * whatever tokenizer.json says.
 */
import path from 'node:path';
import { writeWholeFile } from '../../system/wholeFile.ts';

export interface Vocabulary {
  /** Words and characters, without doubles. Of two words that fit at a place the longer one is taken. */
  readonly tokens: readonly string[];
  /** Tokens that are one id wherever they stand and are kept in decoded text, such as <think>. */
  readonly markers: readonly string[];
  /** Left out of decoded text. Ids 0, 1, … in this order: padding, end, unknown. */
  readonly special: { readonly pad: string; readonly end: string; readonly unknown: string };
  /** Jinja. */
  readonly chatTemplate?: string;
  readonly maxLength: number;
}

/** The texts of tokenizer.json, tokenizer_config.json, generation_config.json and, if given, chat_template.jinja. Throws RangeError on doubles. */
export function vocabularyFiles(vocabulary: Vocabulary): ReadonlyMap<string, string> {
  const { pad, end, unknown } = vocabulary.special;
  const special = [pad, end, unknown];
  const all = [...special, ...vocabulary.markers, ...vocabulary.tokens];
  const doubled = all.find((token, i) => token === '' || all.indexOf(token) !== i);
  if (doubled !== undefined) throw new RangeError(`the token ${JSON.stringify(doubled)} is empty or stands twice in the vocabulary`);
  const ids = Object.fromEntries(all.map((token, id) => [token, id]));
  const words = vocabulary.tokens.filter((token) => [...token].length > 1).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const added = [...special, ...vocabulary.markers].map((content, id) => ({
    id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: special.includes(content),
  }));
  const files = new Map<string, unknown>([
    ['tokenizer.json', {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: { type: 'Split', pattern: { Regex: [...words.map(escapeRegex), '[\\s\\S]'].join('|') }, behavior: 'Isolated', invert: false },
      post_processor: null,
      decoder: { type: 'Fuse' },
      model: {
        type: 'BPE', dropout: null, unk_token: unknown, continuing_subword_prefix: null, end_of_word_suffix: null,
        fuse_unk: false, byte_fallback: false, ignore_merges: true, vocab: ids, merges: [],
      },
    }],
    ['tokenizer_config.json', {
      tokenizer_class: 'PreTrainedTokenizerFast', pad_token: pad, eos_token: end, unk_token: unknown,
      model_max_length: vocabulary.maxLength, clean_up_tokenization_spaces: false,
    }],
    ['generation_config.json', { eos_token_id: ids[end], pad_token_id: ids[pad] }],
  ]);
  const texts = new Map([...files].map(([name, content]) => [name, `${JSON.stringify(content, null, 1)}\n`]));
  if (vocabulary.chatTemplate !== undefined) texts.set('chat_template.jinja', vocabulary.chatTemplate);
  return texts;
}

/** Writes the files into a folder that exists. Throws the errors of writeWholeFile, RangeError on doubles. */
export async function writeVocabulary(folder: string, vocabulary: Vocabulary): Promise<void> {
  for (const [name, text] of vocabularyFiles(vocabulary)) await writeWholeFile(path.join(folder, name), text);
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
