/** How long something still takes, from how it has gone lately. */

/** Long enough that one slow packet does not show, short enough to follow a change of the network. */
const WINDOW_MS = 10_000;
const TOLD_EVERY_MS = 250;

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Calls `tell` at most four times a second, and at the end. */
export function timed(total: number, tell: (done: number, total: number, secondsLeft: number | null) => void, now: () => number = () => performance.now()): (done: number) => void {
  const samples: Sample[] = [];
  let told = -Infinity;
  return (done) => {
    const at = now();
    if (done < total && at - told < TOLD_EVERY_MS) return;
    told = at;
    samples.push({ at, done });
    while (samples.length > 2 && at - samples[0]!.at > WINDOW_MS) samples.shift();
    const first = samples[0]!;
    const rate = at > first.at ? (done - first.done) / (at - first.at) : 0;
    tell(done, total, rate > 0 ? Math.ceil((total - done) / rate / 1000) : null);
  };
}
