// C = op(A) · op(B), row-major float32, by packed panels and a 4×8 register block (Goto & van de Geijn 2008,
// "Anatomy of High-Performance Matrix Multiplication"). A larger block spills: V8 has 15 SIMD registers to give.
import { combine16, dot, dot4, multiplyAdd } from './dot';
import { Job } from './jobs';
import { jobArguments, run, scratchBlock } from './pool';

/** Register block. */
const MR: i32 = 4;
const NR: i32 = 8;
/** Depth of a panel: 8 columns of B are 8 KiB and stay in the L1 cache. */
const KC: i32 = 256;
/** Rows of A that are packed at once: 64 KiB, in L2. */
const MC: i32 = 64;
/** Columns of C that one tile covers. */
const NC: i32 = 256;

/** Scratch of a thread: the packed block of A, then a 4×8 block for edges, then (batched) the packed B. */
const A_BYTES: usize = (MC * KC * 4) as usize;
const EDGE_BYTES: usize = (MR * NR * 4) as usize;

/** Bytes of scratch that each thread needs for a batched product of that B. */
export function gemmScratchBytes(n: i32, k: i32): usize {
  return A_BYTES + EDGE_BYTES + packedBytes(n, k);
}

/** Bytes of `op(B)` [k, n] in panels of 8 columns. */
export function packedBytes(n: i32, k: i32): usize {
  return (((n + NR - 1) / NR) * NR) as usize * (k as usize) * 4;
}

/** Arguments of all three jobs, in the control block. */
const M: usize = 0;
const N: usize = 4;
const K: usize = 8;
const A: usize = 12;
const LDA: usize = 16;
const TA: usize = 20;
const B: usize = 24;
const LDB: usize = 28;
const TB: usize = 32;
const C: usize = 36;
const PACKED: usize = 40;
const STRIDE_A: usize = 44;
const STRIDE_B: usize = 48;
/** Of thin products: column blocks of one product, products times blocks, and how many of those make a tile. */
const BLOCKS: usize = 52;
const ITEMS: usize = 56;
const PER_TILE: usize = 60;

function setArguments(m: i32, n: i32, k: i32, a: usize, ta: i32, b: usize, tb: i32, c: usize): usize {
  const args = jobArguments();
  store<i32>(args, m, M);
  store<i32>(args, n, N);
  store<i32>(args, k, K);
  store<usize>(args, a, A);
  store<i32>(args, ta ? m : k, LDA);
  store<i32>(args, ta, TA);
  store<usize>(args, b, B);
  store<i32>(args, tb ? k : n, LDB);
  store<i32>(args, tb, TB);
  store<usize>(args, c, C);
  return args;
}

/** One product; `packed` holds packedBytes(n, k). */
export function gemm(m: i32, n: i32, k: i32, a: usize, ta: i32, b: usize, tb: i32, c: usize, packed: usize): void {
  const args = setArguments(m, n, k, a, ta, b, tb, c);
  store<usize>(args, packed, PACKED);
  run(Job.GEMM_PACK, (n + NC - 1) / NC);
  run(Job.GEMM, ((m + MC - 1) / MC) * ((n + NC - 1) / NC));
}

/** `batch` products, A and B `strideA` and `strideB` elements apart (0: the same for all), C densely. */
export function gemmBatch(batch: i32, m: i32, n: i32, k: i32, a: usize, strideA: i32, ta: i32, b: usize, strideB: i32, tb: i32, c: usize): void {
  const args = setArguments(m, n, k, a, ta, b, tb, c);
  store<i32>(args, strideA, STRIDE_A);
  store<i32>(args, strideB, STRIDE_B);
  run(Job.GEMM_BATCH, batch);
}

/** Columns of C that one tile of a thin product covers. */
const THIN_COLUMNS: i32 = 64;

/**
 * The same as gemmBatch for few rows (generation: one token a sequence), where packing B would cost more than the
 * product. A is not transposed.
 */
export function thin(batch: i32, m: i32, n: i32, k: i32, a: usize, strideA: i32, b: usize, strideB: i32, tb: i32, c: usize): void {
  const args = setArguments(m, n, k, a, 0, b, tb, c);
  store<i32>(args, strideA, STRIDE_A);
  store<i32>(args, strideB, STRIDE_B);
  const blocks = (n + THIN_COLUMNS - 1) / THIN_COLUMNS;
  // Small products are not worth a tile each.
  const perTile = max(1, THIN_TILE_WORK / max(1, m * k * min(n, THIN_COLUMNS)));
  store<i32>(args, blocks, BLOCKS);
  store<i32>(args, batch * blocks, ITEMS);
  store<i32>(args, perTile, PER_TILE);
  run(Job.THIN, (batch * blocks + perTile - 1) / perTile);
}

/** Multiplications that make a tile of a thin product: some 10 µs. */
const THIN_TILE_WORK: i32 = 65536;

export function thinTile(args: usize, tile: i32): void {
  const perTile = load<i32>(args, PER_TILE), blocks = load<i32>(args, BLOCKS), last = min(load<i32>(args, ITEMS), (tile + 1) * perTile);
  for (let i = tile * perTile; i < last; i++) thinBlock(args, i / blocks, (i % blocks) * THIN_COLUMNS);
}

function thinBlock(args: usize, item: i32, n0: i32): void {
  const m = load<i32>(args, M), n = load<i32>(args, N), k = load<i32>(args, K), n1 = min(n, n0 + THIN_COLUMNS);
  const a = load<usize>(args, A) + 4 * (item as usize) * (load<i32>(args, STRIDE_A) as usize);
  const b = load<usize>(args, B) + 4 * (item as usize) * (load<i32>(args, STRIDE_B) as usize);
  const c = load<usize>(args, C) + 4 * (item as usize) * (m as usize) * (n as usize);
  const transposed = load<i32>(args, TB) !== 0;
  for (let i = 0; i < m; i++) {
    const row = a + 4 * (i as usize) * (k as usize), out = c + 4 * (i as usize) * (n as usize);
    let j = n0;
    if (transposed) {
      for (; j + 4 <= n1; j += 4) v128.store(out + ((j << 2) as usize), dot4(row, b + 4 * (j as usize) * (k as usize), k));
      for (; j < n1; j++) store<f32>(out + ((j << 2) as usize), dot(row, b + 4 * (j as usize) * (k as usize), k));
    } else {
      for (; j + 16 <= n1; j += 16) combine16(row, b + ((j << 2) as usize), n, k, out + ((j << 2) as usize));
      for (; j < n1; j++) {
        let total: f32 = 0;
        for (let p = 0; p < k; p++) total += load<f32>(row + ((p << 2) as usize)) * load<f32>(b + 4 * ((p as usize) * (n as usize) + (j as usize)));
        store<f32>(out + ((j << 2) as usize), total);
      }
    }
  }
}

export function gemmPackTile(args: usize, tile: i32): void {
  const n = load<i32>(args, N);
  const from = tile * NC;
  packB(load<usize>(args, B), load<i32>(args, LDB), load<i32>(args, TB), from, min(n, from + NC), load<i32>(args, K), load<usize>(args, PACKED));
}

export function gemmTile(args: usize, tile: i32): void {
  const m = load<i32>(args, M), n = load<i32>(args, N), k = load<i32>(args, K);
  const columnBlocks = (n + NC - 1) / NC;
  const m0 = (tile / columnBlocks) * MC, n0 = (tile % columnBlocks) * NC;
  block(m0, min(m, m0 + MC), n0, min(n, n0 + NC), k, load<usize>(args, A), load<i32>(args, LDA), load<i32>(args, TA),
    load<usize>(args, PACKED), load<usize>(args, C), n);
}

export function gemmBatchTile(args: usize, tile: i32): void {
  const m = load<i32>(args, M), n = load<i32>(args, N), k = load<i32>(args, K);
  const a = load<usize>(args, A) + 4 * (tile as usize) * (load<i32>(args, STRIDE_A) as usize);
  const b = load<usize>(args, B) + 4 * (tile as usize) * (load<i32>(args, STRIDE_B) as usize);
  const c = load<usize>(args, C) + 4 * (tile as usize) * (m as usize) * (n as usize);
  const packed = scratchBlock() + A_BYTES + EDGE_BYTES;
  packB(b, load<i32>(args, LDB), load<i32>(args, TB), 0, n, k, packed);
  for (let m0 = 0; m0 < m; m0 += MC) block(m0, min(m, m0 + MC), 0, n, k, a, load<i32>(args, LDA), load<i32>(args, TA), packed, c, n);
}

/** Rows m0…m1 and columns n0…n1 of C from the packed B. n0 is a multiple of 8. */
function block(m0: i32, m1: i32, n0: i32, n1: i32, k: i32, a: usize, lda: i32, ta: i32, packed: usize, c: usize, ldc: i32): void {
  const panelsA = scratchBlock();
  for (let k0 = 0; k0 < k; k0 += KC) {
    const depth = min(KC, k - k0);
    packA(a, lda, ta, m0, m1, k0, depth, panelsA);
    for (let j = n0; j < n1; j += NR) {
      const panelB = packed + 4 * ((j * k + k0 * NR) as usize);
      let panelA = panelsA;
      for (let i = m0; i < m1; i += MR) {
        const out = c + 4 * ((i as usize) * (ldc as usize) + (j as usize));
        if (m1 - i >= MR && n1 - j >= NR) micro(depth, panelA, panelB, out, ldc << 2, k0 > 0);
        else edge(depth, panelA, panelB, out, ldc << 2, min(MR, m1 - i), min(NR, n1 - j), k0 > 0);
        panelA += (depth << 4) as usize;
      }
    }
  }
}

/** C[4, 8] = (accumulate ? C : 0) + panelA [depth, 4]ᵀ · panelB [depth, 8]; `row` is C's row in bytes. */
function micro(depth: i32, a: usize, b: usize, c: usize, row: usize, accumulate: bool): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; depth > 0; depth--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    a += 16;
    b += 32;
  }
  const d1 = c + row, d2 = d1 + row, d3 = d2 + row;
  if (accumulate) {
    c00 = f32x4.add(c00, v128.load(c));
    c01 = f32x4.add(c01, v128.load(c, 16));
    c10 = f32x4.add(c10, v128.load(d1));
    c11 = f32x4.add(c11, v128.load(d1, 16));
    c20 = f32x4.add(c20, v128.load(d2));
    c21 = f32x4.add(c21, v128.load(d2, 16));
    c30 = f32x4.add(c30, v128.load(d3));
    c31 = f32x4.add(c31, v128.load(d3, 16));
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(d1, c10);
  v128.store(d1, c11, 16);
  v128.store(d2, c20);
  v128.store(d2, c21, 16);
  v128.store(d3, c30);
  v128.store(d3, c31, 16);
}

/** A block that is cut by the border of C: computed aside, then copied. */
function edge(depth: i32, a: usize, b: usize, c: usize, row: usize, rows: i32, columns: i32, accumulate: bool): void {
  const aside = scratchBlock() + A_BYTES;
  micro(depth, a, b, aside, (NR * 4) as usize, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const to = c + (i as usize) * row + ((j << 2) as usize);
      const value = load<f32>(aside + (((i * NR + j) << 2) as usize));
      store<f32>(to, accumulate ? load<f32>(to) + value : value);
    }
  }
}

/** Rows m0…m1, depth k0…k0+depth of op(A) as panels [depth, 4], the last one filled up with zeros. */
function packA(a: usize, lda: i32, ta: i32, m0: i32, m1: i32, k0: i32, depth: i32, to: usize): void {
  const zero = f32x4.splat(0);
  for (let i = m0; i < m1; i += MR) {
    const rows = min(MR, m1 - i);
    if (ta) {
      let from = a + 4 * ((k0 as usize) * (lda as usize) + (i as usize));
      const step = (lda << 2) as usize;
      if (rows === MR) {
        for (let p = 0; p < depth; p++) {
          v128.store(to, v128.load(from));
          from += step;
          to += 16;
        }
      } else {
        for (let p = 0; p < depth; p++) {
          v128.store(to, zero);
          for (let r = 0; r < rows; r++) store<f32>(to + ((r << 2) as usize), load<f32>(from + ((r << 2) as usize)));
          from += step;
          to += 16;
        }
      }
    } else {
      const step = (lda << 2) as usize;
      const r0 = a + 4 * ((i as usize) * (lda as usize) + (k0 as usize));
      if (rows === MR) {
        transpose4(r0, r0 + step, r0 + 2 * step, r0 + 3 * step, depth, to, 16);
      } else {
        for (let p = 0; p < depth; p++) {
          v128.store(to + ((p << 4) as usize), zero);
          for (let r = 0; r < rows; r++) store<f32>(to + ((p << 4) as usize) + ((r << 2) as usize), load<f32>(r0 + (r as usize) * step + ((p << 2) as usize)));
        }
      }
      to += (depth << 4) as usize;
    }
  }
}

/** Columns n0…n1 of op(B) as panels [k, 8], the last one filled up with zeros. n0 is a multiple of 8. */
function packB(b: usize, ldb: i32, tb: i32, n0: i32, n1: i32, k: i32, packed: usize): void {
  const zero = f32x4.splat(0);
  const step = (ldb << 2) as usize;
  for (let j = n0; j < n1; j += NR) {
    let to = packed + 4 * (j as usize) * (k as usize);
    const columns = min(NR, n1 - j);
    if (tb) {
      const r0 = b + (j as usize) * step;
      if (columns === NR) {
        transpose4(r0, r0 + step, r0 + 2 * step, r0 + 3 * step, k, to, 32);
        const r4 = r0 + 4 * step;
        transpose4(r4, r4 + step, r4 + 2 * step, r4 + 3 * step, k, to + 16, 32);
      } else {
        for (let p = 0; p < k; p++, to += 32) {
          v128.store(to, zero);
          v128.store(to, zero, 16);
          for (let c = 0; c < columns; c++) store<f32>(to + ((c << 2) as usize), load<f32>(r0 + (c as usize) * step + ((p << 2) as usize)));
        }
      }
    } else {
      let from = b + ((j << 2) as usize);
      if (columns === NR) {
        for (let p = 0; p < k; p++) {
          v128.store(to, v128.load(from));
          v128.store(to, v128.load(from, 16), 16);
          from += step;
          to += 32;
        }
      } else {
        for (let p = 0; p < k; p++) {
          v128.store(to, zero);
          v128.store(to, zero, 16);
          for (let c = 0; c < columns; c++) store<f32>(to + ((c << 2) as usize), load<f32>(from + ((c << 2) as usize)));
          from += step;
          to += 32;
        }
      }
    }
  }
}

/** Four rows of `length` floats become `length` columns of four, `step` bytes apart. */
function transpose4(r0: usize, r1: usize, r2: usize, r3: usize, length: i32, to: usize, step: usize): void {
  let p = 0;
  for (; p + 4 <= length; p += 4) {
    const a = v128.load(r0), b = v128.load(r1), c = v128.load(r2), d = v128.load(r3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
    to += step;
    v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
    to += step;
    v128.store(to, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5));
    to += step;
    v128.store(to, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7));
    to += step;
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
  }
  for (; p < length; p++) {
    store<f32>(to, load<f32>(r0));
    store<f32>(to, load<f32>(r1), 4);
    store<f32>(to, load<f32>(r2), 8);
    store<f32>(to, load<f32>(r3), 12);
    to += step;
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
  }
}
