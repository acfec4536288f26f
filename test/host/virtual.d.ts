declare module 'virtual:host-tests' {
  /** Loads every host test file, which registers its suites. */
  export function register(): void;
}
