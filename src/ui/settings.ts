import * as vscode from 'vscode';
import type { BackendName } from '../shared/events.ts';
import { SETTINGS, type SettingName } from './settingsTable.ts';

/** What each setting is once it is read; the manifest gives the defaults and the limits. */
export interface SettingValues {
  /** Path of the Node.js that runs the engine; empty: look for one. */
  readonly nodePath: string;
  /** Takes the place of `auto` in a recipe. */
  readonly defaultBackend: BackendName | 'auto';
  /** 0: the engine decides. */
  readonly threads: number;
  /** How long a stopped engine may take to save before it is killed. */
  readonly stopGraceSeconds: number;
  readonly notifyWhenRunEnds: boolean;
  /** Wait for a device that another run has, instead of starting beside it. */
  readonly waitForDevice: boolean;
}

export function setting<Name extends SettingName>(name: Name, scope?: vscode.Uri): SettingValues[Name] {
  const value = vscode.workspace.getConfiguration('distill', scope).get<SettingValues[Name]>(name);
  // The manifest has a default for each (a test says so), so that only a broken installation gets here.
  if (value === undefined) throw new Error(`${SETTINGS[name].id} is not in the manifest`);
  return value;
}
