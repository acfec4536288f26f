/** Every setting, once; test/unit/manifest.test.ts holds the manifest against it. */
interface SettingRow {
  readonly id: `distill.${string}`;
  /** Becomes a path or an argument of a program: a workspace that isn't trusted may not set it. */
  readonly restricted: boolean;
}

export const SETTINGS = {
  nodePath: { id: 'distill.nodePath', restricted: true },
  defaultBackend: { id: 'distill.defaultBackend', restricted: true },
  threads: { id: 'distill.threads', restricted: true },
  stopGraceSeconds: { id: 'distill.stopGraceSeconds', restricted: true },
  notifyWhenRunEnds: { id: 'distill.notifyWhenRunEnds', restricted: false },
  waitForDevice: { id: 'distill.waitForDevice', restricted: true },
} as const satisfies Record<string, SettingRow>;

export type SettingName = keyof typeof SETTINGS;
