/**
 * Loss scaling for float16: the loss is multiplied before it goes backwards, so that small gradients don't round to 0, and the
 * gradient divided afterwards (Micikevicius et al. 2018, section 3.2). The dynamic scale begins high, is halved when a gradient
 * overflows, and doubles after many steps without (PyTorch's GradScaler has the same numbers). The overflown step is repeated with
 * the smaller scale: no row is skipped.
 */

/** What a checkpoint keeps of it. */
export interface LossScaleState {
  readonly scale: number;
  /** Steps since it changed last. */
  readonly steady: number;
}

const FIRST_SCALE = 2 ** 16;
/** Steps without an overflow before it doubles. */
const STEADY_STEPS = 2000;
/** Not below it: a gradient that overflows here is not float16's fault. */
const SMALLEST_SCALE = 1;

export class LossScale {
  #scale: number;
  #steady: number;

  constructor(private readonly setting: 'dynamic' | number, state?: LossScaleState) {
    this.#scale = state?.scale ?? (setting === 'dynamic' ? FIRST_SCALE : setting);
    this.#steady = state?.steady ?? 0;
  }

  get value(): number {
    return this.#scale;
  }

  get state(): LossScaleState {
    return { scale: this.#scale, steady: this.#steady };
  }

  /** After a step whose gradient was finite. */
  held(): void {
    this.#steady++;
    if (this.setting !== 'dynamic' || this.#steady < STEADY_STEPS) return;
    this.#scale *= 2;
    this.#steady = 0;
  }

  /** After a step whose gradient was not; false where no smaller scale can help. */
  lower(): boolean {
    if (this.setting !== 'dynamic' || this.#scale <= SMALLEST_SCALE) return false;
    this.#scale /= 2;
    this.#steady = 0;
    return true;
  }
}
