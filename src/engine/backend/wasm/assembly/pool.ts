// Fork and join on shared memory. A job is cut into tiles; every thread takes the next tile that nobody has, so an
// uneven or busy machine costs little. What a tile computes depends on the job alone, never on who runs it or on how
// many threads there are: results are the same bits for any thread count.
//
// `ticket` is one 64-bit word: the job's generation above, the tiles left to take below. Taking a tile is a
// compare-exchange on the whole word. The owner begins the next job only when `remaining` is zero, and a tile that was
// taken keeps it above zero, so whoever took one may read the job's arguments safely.
import { runTile } from './jobs';

/** Layout of the control block (bytes). The first words lie on cache lines of their own. */
const TICKET: usize = 0;
const REMAINING: usize = 64;
const WAKE: usize = 128;
const SLEEPERS: usize = 192;
const CLOSED: usize = 256;
/** Set by a worker that broke down (workers.ts): its tile never gets done. */
const BROKEN: usize = 320;
const KIND: usize = 384;
const ARGUMENTS: usize = 448;
/** Bytes of the whole block. */
export const CONTROL_BYTES: i32 = 640;
export const BROKEN_OFFSET: i32 = BROKEN as i32;

/** Looks for work this often before sleeping: about 30 µs, a little more than the main thread needs between two jobs. */
const SPINS: i32 = 6000;
/** The owner's wait for the last tile; a wake-up that gets lost costs at most this (nanoseconds). */
const JOIN_TIMEOUT: i64 = 1000000;

let control: usize = 0;
let scratch: usize = 0;
let workers: i32 = 0;

/** Called once by every thread. `scratchBlock` is this thread's own. */
export function attach(controlBlock: usize, scratchBlock: usize): void {
  control = controlBlock;
  scratch = scratchBlock;
}

/** Main thread: how many workers serve. */
export function setWorkers(count: i32): void {
  workers = count;
}

// @ts-ignore: decorator
@inline
export function scratchBlock(): usize {
  return scratch;
}

/** Where the next job's arguments are written. */
// @ts-ignore: decorator
@inline
export function jobArguments(): usize {
  return control + ARGUMENTS;
}

/** Main thread: runs all tiles of a job and returns when they are done. */
export function run(kind: i32, tiles: i32): void {
  const base = control;
  if (workers === 0 || tiles < 2) {
    for (let tile = 0; tile < tiles; tile++) runTile(kind, base + ARGUMENTS, tile);
    return;
  }
  store<i32>(base, kind, KIND);
  atomic.store<i32>(base, tiles, REMAINING);
  const generation = (atomic.load<u64>(base, TICKET) >> 32) + 1;
  atomic.store<u64>(base, (generation << 32) | (tiles as u64), TICKET);
  atomic.add<i32>(base, 1, WAKE);
  if (atomic.load<i32>(base, SLEEPERS) > 0) atomic.notify(base + WAKE, workers);
  takeTiles();
  for (let spin = 0; ; spin++) {
    const left = atomic.load<i32>(base, REMAINING);
    if (left === 0) return;
    if (atomic.load<i32>(base, BROKEN) !== 0) unreachable();
    if (spin > SPINS) atomic.wait<i32>(base + REMAINING, left, JOIN_TIMEOUT);
  }
}

/** Takes tiles until none is left; false when there was none at all. */
function takeTiles(): bool {
  const base = control;
  let took = false;
  let ticket = atomic.load<u64>(base, TICKET);
  while ((ticket & 0xffffffff) !== 0) {
    if (atomic.cmpxchg<u64>(base, ticket, ticket - 1, TICKET) === ticket) {
      took = true;
      runTile(load<i32>(base, KIND), base + ARGUMENTS, (ticket & 0xffffffff) as i32 - 1);
      if (atomic.sub<i32>(base, 1, REMAINING) === 1) atomic.notify(base + REMAINING, 1);
    }
    ticket = atomic.load<u64>(base, TICKET);
  }
  return took;
}

/** A worker's life; returns when the pool is closed. */
export function serve(): void {
  const base = control;
  let spin = 0;
  while (atomic.load<i32>(base, CLOSED) === 0) {
    if (takeTiles()) {
      spin = 0;
      continue;
    }
    if (++spin < SPINS) continue;
    spin = 0;
    const wake = atomic.load<i32>(base, WAKE);
    atomic.add<i32>(base, 1, SLEEPERS);
    const idle = (atomic.load<u64>(base, TICKET) & 0xffffffff) === 0 && atomic.load<i32>(base, CLOSED) === 0;
    if (idle) atomic.wait<i32>(base + WAKE, wake, -1);
    atomic.sub<i32>(base, 1, SLEEPERS);
  }
}

/** Main thread: lets the workers return. */
export function close(): void {
  atomic.store<i32>(control, 1, CLOSED);
  atomic.add<i32>(control, 1, WAKE);
  atomic.notify(control + WAKE, -1);
}
