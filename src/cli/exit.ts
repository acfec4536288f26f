/** What the command line's exit codes mean; `distill --help` says the same. */
export const EXIT = {
  fine: 0,
  /** Something went wrong; a sentence on stderr says what. */
  failed: 1,
  /** A wrong argument, or a recipe with mistakes. */
  usage: 2,
  /** The run was stopped before its end. */
  stopped: 3,
  /** The run's engine is gone without having said why. */
  lost: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
