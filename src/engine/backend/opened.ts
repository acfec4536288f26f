import type { Backend, Ops } from './contract.ts';

/** What a backend's own opener gives; open.ts adds what is common. It is TensorFlow.js's current backend then. */
export interface Opened {
  readonly device: string;
  readonly threads: number;
  readonly ops: Ops;
  readonly narrow?: NonNullable<Backend['narrow']>;
  dispose(): Promise<void>;
}
