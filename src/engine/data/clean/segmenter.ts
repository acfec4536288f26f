/**
 * Chinese words. jieba (jieba-rs as WebAssembly, package jieba-wasm) where its binary is found, else Intl.Segmenter.
 *
 * The package's own JavaScript makes a string of every word, which costs as much as finding them. Near duplicates need only
 * where words end, so the binary is instantiated here with an import of our own in the place of "make a string", which
 * notes the word's length. A test holds the words against those that the package's own code finds.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs of Han characters of the basic plane: text[starts[i], ends[i]). */
export interface HanRuns {
  starts: Int32Array;
  ends: Int32Array;
  count: number;
}

export interface Segmenter {
  readonly name: 'jieba' | 'intl';
  /** Lengths of the words of all runs, in order: they tile each run. The array is overwritten by the next call. */
  cut(text: string, runs: HanRuns): Int32Array;
}

const BINARY = 'jieba_rs_wasm_bg.wasm';
/** Of a Han character of the basic plane in UTF-8. */
const BYTES = 3;
const NEWLINE = 0x0a;

interface JiebaExports {
  readonly memory: WebAssembly.Memory;
  readonly __wbindgen_export_2: WebAssembly.Table;
  cut(pointer: number, bytes: number, hmm: number): readonly [pointer: number, count: number];
  __wbindgen_malloc(bytes: number, align: number): number;
  __wbindgen_free(pointer: number, bytes: number, align: number): void;
  __externref_drop_slice(pointer: number, count: number): void;
  __wbindgen_start(): void;
}

let loading: Promise<Segmenter> | null = null;

/** One for each thread; the dictionary takes a quarter of a second to load. Never throws: without the binary it is Intl's. */
export function openSegmenter(): Promise<Segmenter> {
  loading ??= open();
  return loading;
}

async function open(): Promise<Segmenter> {
  const file = jiebaBinary();
  if (file === null) return intlSegmenter();
  try {
    return jieba(await WebAssembly.compile(await readFile(file)));
  } catch {
    return intlSegmenter();
  }
}

/** Beside the bundle, or in the package where this runs from the sources. */
function jiebaBinary(): string | null {
  const beside = path.join(path.dirname(fileURLToPath(import.meta.url)), 'wasm', BINARY);
  if (existsSync(beside)) return beside;
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve('jieba-wasm')), BINARY);
  } catch {
    return null;
  }
}

export function jieba(module: WebAssembly.Module): Segmenter {
  let lengths = new Int32Array(1 << 12);
  let count = 0;
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = name === '__wbindgen_string_new' ? noteWord : name === '__wbindgen_init_externref_table' ? growTable : refuse(name);
  }
  const wasm = new WebAssembly.Instance(module, imports).exports as unknown as JiebaExports;
  wasm.__wbindgen_start();

  function noteWord(_pointer: number, bytes: number): null {
    // The newline between two runs.
    if (bytes === 1) return null;
    if (count === lengths.length) {
      const longer = new Int32Array(count * 2);
      longer.set(lengths);
      lengths = longer;
    }
    lengths[count++] = bytes / BYTES;
    return null;
  }
  function growTable(): void {
    // The four values that wasm-bindgen keeps for undefined, null, true and false.
    wasm.__wbindgen_export_2.grow(4);
  }
  return {
    name: 'jieba',
    cut(text, runs) {
      count = 0;
      let bytes = 0;
      for (let run = 0; run < runs.count; run++) bytes += ((runs.ends[run] ?? 0) - (runs.starts[run] ?? 0)) * BYTES + 1;
      if (bytes === 0) return lengths;
      const pointer = wasm.__wbindgen_malloc(bytes, 1) >>> 0;
      // The buffer is another one after the memory has grown.
      const memory = new Uint8Array(wasm.memory.buffer, pointer, bytes);
      let at = 0;
      for (let run = 0; run < runs.count; run++) {
        const end = runs.ends[run] ?? 0;
        for (let i = runs.starts[run] ?? 0; i < end; i++) {
          const unit = text.charCodeAt(i);
          memory[at++] = 0xe0 | (unit >> 12);
          memory[at++] = 0x80 | ((unit >> 6) & 0x3f);
          memory[at++] = 0x80 | (unit & 0x3f);
        }
        memory[at++] = NEWLINE;
      }
      // cut() frees the text; with 1 it also finds words that its dictionary doesn't have (as jieba does by default).
      const [words, size] = wasm.cut(pointer, bytes, 1);
      wasm.__externref_drop_slice(words, size);
      wasm.__wbindgen_free(words, size * 4, 4);
      return lengths;
    },
  };
}

function refuse(name: string): () => never {
  return () => {
    throw new Error(`jieba asked for ${name}`);
  };
}

export function intlSegmenter(): Segmenter {
  const words = new Intl.Segmenter('zh', { granularity: 'word' });
  return {
    name: 'intl',
    cut(text, runs) {
      const lengths: number[] = [];
      for (let run = 0; run < runs.count; run++) {
        for (const { segment } of words.segment(text.slice(runs.starts[run], runs.ends[run]))) lengths.push(segment.length);
      }
      return Int32Array.from(lengths);
    },
  };
}
