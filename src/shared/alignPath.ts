/**
 * The best way through two sequences, in order on both sides: global alignment after Needleman and Wunsch (1970) with
 * free gaps, so that a pair is taken when its similarity is above the threshold and no better pairs are given up for it.
 *
 * Cost is teacher × student cells. Up to `FULL_CELLS` all are filled. Beyond, only a band is: the way is pinned where both
 * traces hold the same rare step once each (the longest increasing run of such anchors, as in patience diff), and between
 * pins the band follows the straight line, with a half-width of at least `MIN_BAND` steps. A step that the student does
 * further than that from where the teacher does it is then not found by the alignment.
 */

export interface PathPair {
  readonly teacher: number;
  readonly student: number;
  readonly similarity: number;
}

/** 2,400 × 2,400 steps: more than two traces of 32,000 tokens have, and 40 ms. */
const FULL_CELLS = 6_000_000;
const MIN_BAND = 200;

const STOP = 0;
const PAIR = 1;
const SKIP_TEACHER = 2;
const SKIP_STUDENT = 3;

export interface RowSource {
  /** Writes the similarity of teacher step `i` with student steps `from` … `to - 1` to `out[0 …]`. */
  fill(i: number, from: number, to: number, out: Float32Array): void;
}

/** Pairs in order. `anchors` are pairs that are sure, ascending on both sides; used only when the traces are too long to fill all cells. */
export function alignPath(teachers: number, students: number, rows: RowSource, threshold: number, anchors: readonly (readonly [number, number])[]): PathPair[] {
  if (teachers === 0 || students === 0) return [];
  const band = bandOf(teachers, students, anchors);
  const moves: Uint8Array[] = [];
  const scores = new Float32Array(students + 1);
  const previous = new Float32Array(students + 1);
  const similar = new Float32Array(students);
  for (let i = 0; i < teachers; i++) {
    const from = band.from[i] as number;
    const to = band.to[i] as number;
    const above = i === 0 ? 0 : (band.to[i - 1] as number);
    rows.fill(i, from, to, similar);
    previous.set(scores);
    // Right of the band of the row above, its last score holds on: skipping student steps is free.
    for (let j = above + 1; j <= to; j++) previous[j] = previous[above] as number;
    const move = new Uint8Array(to - from);
    scores[from] = previous[from] as number;
    for (let j = from; j < to; j++) {
      const pair = (previous[j] as number) + (similar[j - from] as number) - threshold;
      const up = previous[j + 1] as number;
      const left = scores[j] as number;
      if (pair > up && pair > left) {
        scores[j + 1] = pair;
        move[j - from] = PAIR;
      } else if (up >= left) {
        scores[j + 1] = up;
        move[j - from] = SKIP_TEACHER;
      } else {
        scores[j + 1] = left;
        move[j - from] = SKIP_STUDENT;
      }
    }
    moves.push(move);
  }
  return trace(teachers, students, band, moves, rows, similar);
}

interface Band {
  /** First student step of each teacher step's row, and one past the last; both never fall. */
  readonly from: Int32Array;
  readonly to: Int32Array;
}

function bandOf(teachers: number, students: number, anchors: readonly (readonly [number, number])[]): Band {
  const from = new Int32Array(teachers);
  const to = new Int32Array(teachers).fill(students);
  if (teachers * students <= FULL_CELLS) return { from, to };
  const half = Math.max(MIN_BAND, Math.floor(FULL_CELLS / teachers / 2));
  const pins: (readonly [number, number])[] = [[-1, -1], ...anchors, [teachers, students]];
  for (let p = 0; p + 1 < pins.length; p++) {
    const [i0, j0] = pins[p] as readonly [number, number];
    const [i1, j1] = pins[p + 1] as readonly [number, number];
    for (let i = Math.max(0, i0); i < Math.min(i1, teachers); i++) {
      const centre = j0 + ((j1 - j0) * (i - i0)) / (i1 - i0);
      from[i] = Math.max(0, Math.floor(centre - half));
      to[i] = Math.min(students, Math.ceil(centre + half) + 1);
    }
  }
  for (let i = 1; i < teachers; i++) {
    from[i] = Math.max(from[i] as number, from[i - 1] as number);
    to[i] = Math.max(to[i] as number, to[i - 1] as number);
  }
  return { from, to };
}

function trace(teachers: number, students: number, band: Band, moves: readonly Uint8Array[], rows: RowSource, similar: Float32Array): PathPair[] {
  const pairs: PathPair[] = [];
  let i = teachers - 1;
  let j = students;
  while (i >= 0 && j > 0) {
    const from = band.from[i] as number;
    const to = band.to[i] as number;
    if (j > to) {
      j = to;
      continue;
    }
    const move = j <= from ? SKIP_TEACHER : ((moves[i] as Uint8Array)[j - 1 - from] ?? STOP);
    if (move === PAIR) {
      rows.fill(i, j - 1, j, similar);
      pairs.push({ teacher: i, student: j - 1, similarity: similar[0] as number });
      i -= 1;
      j -= 1;
    } else if (move === SKIP_STUDENT) j -= 1;
    else i -= 1;
  }
  return pairs.reverse();
}

/** The longest run of pairs that ascends on both sides (patience sorting, O(n log n)); `pairs` ascend on the first. */
export function longestAscending(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const tops: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([, student], i) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] as number] as readonly [number, number])[1] < student) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? (tops[low - 1] as number) : -1;
    tops[low] = i;
  });
  const run: (readonly [number, number])[] = [];
  for (let i = tops.at(-1) ?? -1; i >= 0; i = before[i] as number) run.push(pairs[i] as readonly [number, number]);
  return run.reverse();
}
